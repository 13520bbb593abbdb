// Drives the server with @kubernetes/client-node: `node client.mjs SCENARIO NAMESPACE`. Prints what it sees, one line each;
// client_node_test.py reads them. A scenario that throws ends with 1.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { PassThrough } from 'node:stream';
import assert from 'node:assert/strict';

// The packages are installed in the build folder, not here.
const require = createRequire(process.env.KS_NODE_MODULES + '/');
const k8s = await import(pathToFileURL(require.resolve('@kubernetes/client-node')).href);

const [scenario, namespace] = process.argv.slice(2);
const config = new k8s.KubeConfig();
config.loadFromFile(process.env.KUBECONFIG);
const core = config.makeApiClient(k8s.CoreV1Api);
const say = (...words) => console.log(...words);
const map = (name, data = { k: 'v' }) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
const status = async (call) => {
  try {
    await call();
    return 200;
  } catch (error) {
    return error.code;
  }
};

const scenarios = {
  async crud() {
    const made = await core.createNamespacedConfigMap({ namespace, body: map('a') });
    assert.equal(made.data.k, 'v');
    assert(made.metadata.creationTimestamp instanceof Date);
    made.data.k = 'w';
    assert.equal((await core.replaceNamespacedConfigMap({ name: 'a', namespace, body: made })).data.k, 'w');
    assert.equal(await status(() => core.replaceNamespacedConfigMap({ name: 'a', namespace, body: made })), 409);
    assert.equal(await status(() => core.readNamespacedConfigMap({ name: 'nope', namespace })), 404);
    assert.equal(await status(() => core.createNamespacedConfigMap({ namespace, body: map('Bad_Name') })), 422);
    await core.createNamespacedConfigMap({ namespace, body: map('b') });
    const page = await core.listNamespacedConfigMap({ namespace, limit: 1 });
    assert.equal(page.metadata.remainingItemCount, 2); // and kube-root-ca.crt
    const rest = await core.listNamespacedConfigMap({ namespace, limit: 1, _continue: page.metadata._continue });
    assert.equal(rest.items[0].metadata.name, 'b');
    const objects = k8s.KubernetesObjectApi.makeApiClient(config);
    const run = { apiVersion: 'devops.kubesphere.io/v1alpha3', kind: 'GitRepository', metadata: { name: 'repo', namespace }, spec: { url: 'https://example.org/a.git' } };
    assert.equal((await objects.create(run)).spec.url, run.spec.url);
    assert.equal((await objects.list(run.apiVersion, run.kind, namespace)).items.length, 1);
    const custom = config.makeApiClient(k8s.CustomObjectsApi);
    const listed = await custom.listNamespacedCustomObject({ group: 'devops.kubesphere.io', version: 'v1alpha3', namespace, plural: 'gitrepositories' });
    assert.equal(listed.items[0].metadata.name, 'repo');
    await objects.delete(run);
    const version = await config.makeApiClient(k8s.VersionApi).getCode();
    assert.equal(version.minor, '32');
    const groups = await config.makeApiClient(k8s.ApisApi).getAPIVersions();
    assert(groups.groups.some((group) => group.name === 'devops.kubesphere.io'));
    say('done');
  },

  async patch() {
    await core.createNamespacedConfigMap({ namespace, body: map('a', { x: '1', y: '1' }) });
    const patch = (body, type) =>
      core.patchNamespacedConfigMap({ name: 'a', namespace, body, fieldManager: 'node', ...(type === k8s.PatchStrategy.ServerSideApply ? { force: true } : {}) },
        k8s.setHeaderOptions('Content-Type', type));
    assert.deepEqual((await patch([{ op: 'replace', path: '/data/x', value: '2' }], k8s.PatchStrategy.JsonPatch)).data, { x: '2', y: '1' });
    assert.deepEqual((await patch({ data: { y: null, z: '3' } }, k8s.PatchStrategy.MergePatch)).data, { x: '2', z: '3' });
    assert.deepEqual((await patch({ data: { w: '4' } }, k8s.PatchStrategy.StrategicMergePatch)).data, { x: '2', z: '3', w: '4' });
    const applied = await patch(map('a', { w: '5', v: '6' }), k8s.PatchStrategy.ServerSideApply);
    assert.deepEqual(applied.data, { x: '2', z: '3', w: '5', v: '6' });
    assert(applied.metadata.managedFields.some((entry) => entry.manager === 'node' && entry.operation === 'Apply'));
    const objects = k8s.KubernetesObjectApi.makeApiClient(config);
    const merged = await objects.patch({ ...map('a'), data: { u: '7' } }, undefined, undefined, 'node', undefined, k8s.PatchStrategy.MergePatch);
    assert.equal(merged.data.u, '7');
    say('done');
  },

  async watch() {
    const watch = new k8s.Watch(config);
    const seen = [];
    let ended;
    const end = new Promise((resolve) => (ended = resolve));
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    let wake = () => {};
    const controller = await watch.watch(path, { allowWatchBookmarks: true, fieldSelector: 'metadata.name!=kube-root-ca.crt' }, (type, object) => {
      if (type !== 'BOOKMARK') seen.push(`${type} ${object.metadata.name}`);
      wake();
    }, (error) => ended(error));
    const until = async (count) => {
      while (seen.length < count) await new Promise((resolve) => (wake = resolve));
    };
    await core.createNamespacedConfigMap({ namespace, body: map('a') });
    await until(1);
    await core.patchNamespacedConfigMap({ name: 'a', namespace, body: { data: { k: 'w' } } }, k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.MergePatch));
    await until(2);
    await core.deleteNamespacedConfigMap({ name: 'a', namespace });
    await until(3);
    assert.deepEqual(seen, ['ADDED a', 'MODIFIED a', 'DELETED a']);
    controller.abort();
    await end;
    // One that is told to end by itself does so without an error.
    const done = new Promise((resolve) => watch.watch(path, { timeoutSeconds: 1 }, () => {}, resolve));
    assert.equal((await done) ?? null, null);
    say('done');
  },

  // Goes on until it is told to end; the test restarts the server meanwhile.
  async informer() {
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const informer = k8s.makeInformer(config, path, () => core.listNamespacedConfigMap({ namespace, labelSelector: 'watched=yes' }), 'watched=yes');
    for (const verb of ['add', 'update', 'delete']) informer.on(verb, (object) => say(verb, object.metadata.name, object.data?.k ?? ''));
    informer.on('connect', () => say('connect'));
    informer.on('error', (error) => {
      say('error', error.code ?? '');
      setTimeout(() => informer.start().catch(() => {}), 100);
    });
    // A start that meets no server has no watch yet that could report the error.
    const start = async () => {
      try {
        await informer.start();
      } catch {
        setTimeout(start, 100);
      }
    };
    await start();
    say('started', informer.list(namespace).length);
    process.stdin.on('data', async () => {
      say('has', informer.list(namespace).map((object) => object.metadata.name).sort().join(','));
      await informer.stop();
      process.exit(0);
    });
    await new Promise(() => {});
  },

  async log() {
    const body = { metadata: { name: 'idle' }, spec: { containers: [{ name: 'main', image: 'nginx:1' }, { name: 'side', image: 'busybox:1' }] } };
    await core.createNamespacedPod({ namespace, body });
    const log = new k8s.Log(config);
    // No node runs it, so there is nothing to read: 204, which this client takes for an error.
    assert.equal(await status(() => log.log(namespace, 'idle', 'main', new PassThrough(), { follow: true, timestamps: true })), 204);
    assert.equal(await status(() => log.log(namespace, 'idle', 'nope', new PassThrough(), {})), 400);
    assert.equal(await status(() => log.log(namespace, 'nobody', 'main', new PassThrough(), {})), 404);
    assert.equal((await core.readNamespacedPodLog({ name: 'idle', namespace, container: 'side' })) ?? '', '');
    say('done');
  },
};

try {
  await scenarios[scenario]();
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
