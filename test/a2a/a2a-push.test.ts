import assert from "node:assert/strict";
import type { TaskPushNotificationConfig } from "@a2a-js/sdk";
import { RequestMalformedError, TaskNotFoundError } from "@a2a-js/sdk/errors";
import { eventually } from "../support/eventually.ts";
import { startReceiver } from "../support/receiver.ts";
import { taskUuid, startWorkingHub, type WorkingHub } from "../support/working-hub.ts";
import { connectA2a, say, taskIn } from "./a2a-client.ts";

function configOf(url: string, fields: Partial<TaskPushNotificationConfig> = {}): TaskPushNotificationConfig {
  return { tenant: "", id: "", taskId: "", url, token: "", authentication: undefined, ...fields };
}

describe("Push notifications of the hub as an A2A server", () => {
  let hub: WorkingHub;
  let key: string;
  before(async () => {
    hub = await startWorkingHub();
    key = await hub.test.keyFor("admin");
  });
  after(() => hub[Symbol.asyncDispose]());

  const process = () => hub.test.hub.processAll();

  it("tell what a task has become, with the token and the credentials that were given", async () => {
    await using receiver = await startReceiver();
    const client = await connectA2a(hub.test.url, key);
    const agent = await hub.agent();
    const request = say(["Work"], { skill: agent });
    const authentication = { scheme: "Bearer", credentials: "a-credential" };
    const config = configOf(receiver.url, { token: "a-token", authentication });
    const told = {
      ...request,
      configuration: { acceptedOutputModes: [], returnImmediately: true, taskPushNotificationConfig: config },
    };
    const task = taskIn(await client.sendMessage(told));
    await client.sendMessage(told);
    await process();
    const leased = await hub.leaseOne(agent);
    await process();
    await hub.say(leased, "complete", { result: "done" });
    await process();
    await process();
    const bodies = receiver.requests.map(({ body }) => JSON.parse(body).task);
    assert.deepEqual(
      [...new Set(bodies.map(({ status }) => status.state))],
      ["TASK_STATE_SUBMITTED", "TASK_STATE_WORKING", "TASK_STATE_COMPLETED"],
    );
    assert.equal(bodies.filter(({ status }) => status.state === "TASK_STATE_COMPLETED").length, 1);
    assert.deepEqual([bodies.at(-1).id, bodies.at(-1).artifacts[0].parts[0].text], [task.id, "done"]);
    for (const { headers } of receiver.requests)
      assert.deepEqual(
        [headers["x-a2a-notification-token"], headers.authorization, headers["content-type"]],
        ["a-token", "Bearer a-credential", "application/a2a+json"],
      );
    const { db } = hub.test.hub.services;
    const [stored] = await db.query<{ text: string }>(
      { text: "SELECT encode(sealed, 'escape') || url AS text FROM a2a_push_configs WHERE task_id = $1" },
      [taskUuid(task.id)],
    );
    assert.doesNotMatch(stored?.text ?? "", /a-token|a-credential/);
  });

  it("are told in the form of 0.3 to whoever asked for them so", async () => {
    await using receiver = await startReceiver();
    const agent = await hub.agent();
    const said = {
      kind: "message",
      messageId: "m",
      role: "user",
      parts: [{ kind: "text", text: "Old" }],
      metadata: { skillId: agent },
    };
    const params = {
      message: said,
      configuration: { blocking: false, pushNotificationConfig: { url: receiver.url, token: "t" } },
    };
    const { body } = await hub.test.call("POST", "/a2a", { jsonrpc: "2.0", id: 1, method: "message/send", params });
    await process();
    const [first] = receiver.requests;
    const { kind, id, status } = JSON.parse(first?.body ?? "{}");
    assert.deepEqual([kind, id, status.state], ["task", body.result.id, "submitted"]);
    assert.equal(first?.headers["x-a2a-notification-token"], "t");
  });

  it("are tried again when they fail, and given up when nobody takes them", async () => {
    await using flaky = await startReceiver((_request, index) => ({ status: index === 0 ? 500 : 200 }));
    await using gone = await startReceiver(() => ({ status: 410 }));
    await using dead = await startReceiver(() => ({ status: 500 }));
    const client = await connectA2a(hub.test.url, key);
    const agent = await hub.agent();
    const { id: taskId } = taskIn(await client.sendMessage(say(["Work"], { skill: agent })));
    for (const { url } of [flaky, gone, dead]) await client.createTaskPushNotificationConfig(configOf(url, { taskId }));
    await process();
    for (let round = 0; round < 12; round += 1) await hub.pass(3_600);
    assert.deepEqual([flaky.requests.length, gone.requests.length, dead.requests.length], [2, 1, 9]);
  });

  for (const binding of ["JSONRPC", "HTTP+JSON"] as const)
    it(`can be listed, read and taken back over ${binding}, without their secrets`, async () => {
      const client = await connectA2a(hub.test.url, key, binding);
      const { id: taskId } = taskIn(await client.sendMessage(say(["Work"], { skill: await hub.agent() })));
      const url = "http://127.0.0.1:9/";
      const made = await client.createTaskPushNotificationConfig(
        configOf(url, { taskId, id: "mine", token: "a-token" }),
      );
      assert.deepEqual([made.id, made.taskId, made.url], ["mine", taskId, url]);
      const at = { tenant: "", taskId };
      const { configs } = await client.listTaskPushNotificationConfig({ ...at, pageSize: 0, pageToken: "" });
      assert.deepEqual(
        configs.map(({ id, token }) => [id, token]),
        [["mine", ""]],
      );
      assert.equal((await client.getTaskPushNotificationConfig({ ...at, id: "mine" })).url, url);
      await client.deleteTaskPushNotificationConfig({ ...at, id: "mine" });
      await assert.rejects(client.getTaskPushNotificationConfig({ ...at, id: "mine" }), TaskNotFoundError);
    });

  it("refuse private addresses, other projects' tasks, tokens that are no headers, and more than ten", async () => {
    const client = await connectA2a(hub.test.url, key);
    const agent = await hub.agent();
    const { id: taskId } = taskIn(await client.sendMessage(say(["Work"], { skill: agent })));
    const create = (url: string, fields: Partial<TaskPushNotificationConfig> = {}) =>
      client.createTaskPushNotificationConfig(configOf(url, { taskId, ...fields }));
    const good = "http://127.0.0.1:9/";
    for (const url of ["http://169.254.169.254/", "http://10.1.2.3/", "file:///etc/passwd", "", "nonsense"])
      await assert.rejects(create(url), RequestMalformedError, url);
    for (const fields of [{ token: "a\r\nb: c" }, { token: "x".repeat(5_000) }, { id: "a\u0000b" }])
      await assert.rejects(create(good, fields), RequestMalformedError, JSON.stringify(fields));
    const other = await hub.test.inAnotherProject();
    await other("POST", "/api/v1/agents", { name: "theirs", runner: { type: "pull" } });
    const theirs = (await other("POST", "/api/v1/tasks", { agent: "theirs", input: "x" })).body.id;
    await assert.rejects(create(good, { taskId: theirs }), TaskNotFoundError);
    const viewer = await connectA2a(hub.test.url, await hub.test.keyFor("viewer"));
    await assert.rejects(viewer.createTaskPushNotificationConfig(configOf(good, { taskId })), /lacks the permission/);
    for (let count = 0; count < 10; count += 1) await create(good);
    await assert.rejects(create(good), RequestMalformedError);
    const request = say(["No task for this"], { skill: agent });
    const configuration = {
      acceptedOutputModes: [],
      returnImmediately: true,
      taskPushNotificationConfig: configOf("http://10.0.0.1/"),
    };
    await assert.rejects(client.sendMessage({ ...request, configuration }), RequestMalformedError);
    await eventually(async () => assert.equal((await hub.lease(agent, { max: 5 })).length, 1));
  });
});
