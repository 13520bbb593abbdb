// Drives the server with the npm package `jenkins`: `node client.js SCENARIO FOLDER`. Prints "done" when all went as it
// should; jenkins_client_test.py makes the folder and runs it. A scenario that throws ends with 1.
const assert = require('node:assert/strict');
const { createRequire } = require('node:module');

// The package is installed in the build folder, not here.
const Jenkins = createRequire(process.env.KS_NODE_MODULES + '/')('jenkins');
const [scenario, folder] = process.argv.slice(2);
const client = new Jenkins({ baseUrl: process.env.KS_URL, crumbIssuer: true });

const config = (script, properties = '') =>
  `<?xml version='1.1' encoding='UTF-8'?><flow-definition plugin="workflow-job"><description>of a test</description>` +
  `<properties>${properties}</properties><definition class="org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition">` +
  `<script>${script}</script><sandbox>true</sandbox></definition><disabled>false</disabled></flow-definition>`;
const parameter = '<hudson.model.ParametersDefinitionProperty><parameterDefinitions><hudson.model.StringParameterDefinition><name>TAG</name>' +
  '<defaultValue>v1</defaultValue></hudson.model.StringParameterDefinition></parameterDefinitions></hudson.model.ParametersDefinitionProperty>';
const alone = '<org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty/>';
const fails = async (call, status) => {
  await assert.rejects(call, (error) => {
    assert.equal(error.statusCode ?? error.res?.statusCode ?? status, status, String(error));
    return true;
  });
};
const until = async (holds) => {
  for (const end = Date.now() + 60000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const got = await holds();
    if (got) return got;
    assert(Date.now() < end, 'not within a minute: ' + holds);
  }
};
const begun = async (item) => (await until(async () => (await client.queue.item(item)).executable)).number;

const scenarios = {
  async jobs() {
    const name = `${folder}/demo`;
    assert.equal(await client.job.exists(name), false);
    await client.job.create(name, config('echo 1'));
    await fails(() => client.job.create(name, config('echo 1')), 400);
    assert.equal(await client.job.exists(name), true);
    assert.equal((await client.job.get(name)).description, 'of a test');
    await client.job.config(name, config('echo 2'));
    assert.match(await client.job.config(name), /echo 2/);
    await client.job.copy(name, `${folder}/copy`);
    assert.match(await client.job.config(`${folder}/copy`), /echo 2/);
    assert.deepEqual((await client.job.list(folder)).map((job) => job.name).sort(), ['copy', 'demo']);
    await client.job.disable(name);
    assert.equal((await client.job.get(name)).buildable, false);
    await fails(() => client.job.build(name), 409);
    await client.job.enable(name);
    assert.equal((await client.job.get(name)).buildable, true);
    await client.job.destroy(`${folder}/copy`);
    assert.equal(await client.job.exists(`${folder}/copy`), false);
    await fails(() => client.job.get(`${folder}/copy`), 404);
    const info = await client.info();
    assert(info.jobs.some((job) => job.name === folder));
  },

  async builds() {
    const name = `${folder}/demo`;
    await client.job.create(name, config(`for (int i = 0; i != 200; i++) { echo "line \${i} of \${params.TAG}" }`, parameter));
    const number = await begun(await client.job.build({ name, parameters: { TAG: 'v2' } }));
    const text = await new Promise((resolve, reject) => {
      const log = client.build.logStream({ name, number, delay: 50 });
      let all = '';
      log.on('data', (piece) => (all += piece));
      log.on('error', reject);
      log.on('end', () => resolve(all));
    });
    assert.match(text, /line 0 of v2\n/);
    assert.match(text, /line 199 of v2\n/);
    assert.match(text, /Finished: SUCCESS\n$/);
    assert.equal(text, await client.build.log(name, number));
    const build = await until(async () => {
      const now = await client.build.get(name, number);
      return now.building ? null : now;
    });
    assert.equal(build.result, 'SUCCESS');
    assert.equal((await client.job.get(name)).lastBuild.number, number);
    await fails(() => client.build.get(name, 99), 404);
  },

  async queue() {
    const name = `${folder}/alone`;
    await client.job.create(name, config('node { sh "sleep 600" }', alone));
    const first = await begun(await client.job.build(name));
    const waits = await client.job.build(name);
    assert((await client.queue.list()).some((item) => item.id === waits));
    assert.equal((await client.queue.item(waits)).task.name, 'alone');
    await client.queue.cancel(waits);
    assert(!(await client.queue.list()).some((item) => item.id === waits));
    await client.build.stop(name, first);
    await until(async () => (await client.build.get(name, first)).result === 'ABORTED');
    await fails(() => client.queue.item(1), 404);
  },

  async credentials() {
    const xml = (secret) => '<org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl><scope>GLOBAL</scope><id>token</id>' +
      `<description>of a test</description><secret>${secret}</secret></org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl>`;
    await client.credentials.create(folder, 'folder', '_', xml('s3cr3t-1'));
    await fails(() => client.credentials.create(folder, 'folder', '_', xml('s3cr3t-1')), 409);
    assert.equal(await client.credentials.exists('token', folder, 'folder', '_'), true);
    assert.deepEqual((await client.credentials.list(folder, 'folder', '_')).map((one) => one.id), ['token']);
    await client.credentials.config('token', folder, 'folder', '_', xml('s3cr3t-2'));
    const shown = await client.credentials.config('token', folder, 'folder', '_');
    assert.match(shown, /of a test/);
    assert.doesNotMatch(shown, /s3cr3t/);
    await client.credentials.destroy('token', folder, 'folder', '_');
    assert.equal(await client.credentials.exists('token', folder, 'folder', '_'), false);
  },

  async views() {
    await client.job.create(`${folder}/in`, config('echo 1'));
    const view = `${folder}/mine`;
    await client.view.create(view);
    assert.equal(await client.view.exists(view), true);
    assert((await client.view.list(folder)).some((one) => one.name === 'mine'));
    await client.view.add(view, 'in');
    assert.deepEqual((await client.view.get(view)).jobs.map((job) => job.name), ['in']);
    assert.match(await client.view.config(view), /<string>in<\/string>/);
    await client.view.remove(view, 'in');
    assert.deepEqual((await client.view.get(view)).jobs, []);
    await client.view.destroy(view);
    assert.equal(await client.view.exists(view), false);
  },

  async nodes() {
    const nodes = await client.node.list();
    assert(nodes.length > 0 && nodes[0].numExecutors > 0);
    assert.equal((await client.node.get('master')).offline, false);
    assert.equal(await client.node.exists('master'), true);
    assert.equal(await client.node.exists('nope'), false);
    await fails(() => client.node.create('new'), 403);
    assert((await client.plugin.list({ depth: 1 })).length > 0);
  },
};

scenarios[scenario]().then(() => console.log('done'), (error) => {
  console.error(error.stack ?? error);
  process.exit(1);
});
