"""kubernetesDeploy and withKubeConfig against the API that `ks up` itself serves."""

import json
import os
import subprocess
import tempfile
import unittest

import ks_server

YAML = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: deployed
data:
  who: $WHO
  version: "${VERSION}"
  other: ${UNKNOWN}
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Secret
    metadata: {name: also, namespace: NAMESPACE}
    stringData: {a: b}
"""


class DeployTest(ks_server.Case):
    def run_script(self, script):
        with tempfile.TemporaryDirectory() as folder:
            with open(self.server.kubeconfig) as file:
                kubeconfig = file.read()
            secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "kc"},
                      "type": "credential.devops.kubesphere.io/kubeconfig",
                      "stringData": {"content": kubeconfig}}
            # Objects that name no namespace go to that of the context.
            credentials = os.path.join(folder, "credentials.yaml")
            with open(credentials, "w") as file:
                json.dump(secret, file)
            jenkinsfile = os.path.join(folder, "Jenkinsfile")
            with open(jenkinsfile, "w") as file:
                file.write(script)
            workspace = os.path.join(folder, "ws")
            os.mkdir(workspace)
            with open(os.path.join(workspace, "deploy.yaml"), "w") as file:
                file.write(YAML.replace("NAMESPACE", self.ns).replace("name: deployed", f"name: deployed\n  namespace: {self.ns}"))
            done = subprocess.run([ks_server.KS, "run", jenkinsfile, "--workspace", workspace, "--credential", credentials],
                                  capture_output=True, text=True, timeout=120)
            return done.returncode, done.stdout + done.stderr

    def test_applies_changes_and_removes(self):
        script = """node { withEnv(['WHO=web', 'VERSION=1']) {
            kubernetesDeploy configs: '*.yaml', kubeconfigId: 'kc' } }"""
        code, said = self.run_script(script)
        self.assertEqual(code, 0, said)
        for line in ("Starting Kubernetes deployment", "Loading configuration: ", "Created ConfigMap: deployed",
                     "Created Secret: also", "Finished Kubernetes deployment"):
            self.assertIn(line, said)
        self.assertEqual(self.get("configmaps/deployed")["data"], {"who": "web", "version": "1", "other": "${UNKNOWN}"})
        code, said = self.run_script(script.replace("VERSION=1", "VERSION=2"))
        self.assertEqual(code, 0, said)
        self.assertIn("Applied ConfigMap: deployed", said)
        self.assertEqual(self.get("configmaps/deployed")["data"]["version"], "2")
        code, said = self.run_script(script.replace("'kc' ", "'kc', deleteResource: true "))
        self.assertEqual(code, 0, said)
        self.assertEqual(self.server.request("GET", f"/api/v1/namespaces/{self.ns}/configmaps/deployed").status, 404)

    def test_says_what_is_wrong(self):
        code, said = self.run_script("node { kubernetesDeploy configs: 'none/*.yml', kubeconfigId: 'kc' }")
        self.assertEqual(code, 1)
        self.assertIn("ERROR: No matching configuration files found for none/*.yml", said)
        self.assertIn("ERROR: Kubernetes deployment ended with HasError", said)
        code, said = self.run_script("node { kubernetesDeploy configs: '*', kubeconfigId: 'nope' }")
        self.assertIn("Cannot find kubeconfig credentials with id nope", said)
        code, said = self.run_script("node { writeFile file: 'x.yaml', text: 'apiVersion: v1\\nkind: Nonsense\\nmetadata: {name: a}'\n"
                                     "kubernetesDeploy configs: 'x.yaml', kubeconfigId: 'kc' }")
        self.assertIn("the cluster has no kind 'Nonsense' in 'v1'", said)

    @unittest.skipIf(not ks_server.kubectl_minor(), "no kubectl here")
    def test_with_kube_config_lets_kubectl_in(self):
        code, said = self.run_script(
            "node { withKubeConfig(credentialsId: 'kc', namespace: '%s') {\n"
            "sh 'kubectl create configmap by-kubectl --from-literal=a=b' }\n"
            "sh 'test -z \"$KUBECONFIG\"' }" % self.ns)
        self.assertEqual(code, 0, said)
        self.assertEqual(self.get("configmaps/by-kubectl")["data"], {"a": "b"})


if __name__ == "__main__":
    unittest.main()
