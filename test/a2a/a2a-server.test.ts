import assert from "node:assert/strict";
import { TaskState } from "@a2a-js/sdk";
import type { Client } from "@a2a-js/sdk/client";
import {
  type A2AError,
  ContentTypeNotSupportedError,
  RequestMalformedError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from "@a2a-js/sdk/errors";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";
import { connectA2a, dataPart, say, taskIn, valuesOf } from "./a2a-client.ts";

for (const binding of ["JSONRPC", "HTTP+JSON"] as const)
  describe(`The hub as an A2A server, asked by the official client over ${binding}`, () => {
    let hub: WorkingHub;
    let client: Client;
    let agent: string;
    before(async () => {
      hub = await startWorkingHub();
      client = await connectA2a(hub.test.url, await hub.test.keyFor("admin"), binding);
    });
    after(() => hub[Symbol.asyncDispose]());
    beforeEach(async () => {
      agent = await hub.agent();
    });

    async function completed(result: unknown): Promise<void> {
      const leased = await hub.leaseOne(agent);
      assert.equal((await hub.say(leased, "complete", { result })).status, 200);
    }

    it("makes a task of a message: text is its input, data its parameters, and the context comes back", async () => {
      const request = say(["Fix", "it", dataPart({ port: 1 })], { skill: agent, contextId: "thread 1" });
      const task = taskIn(await client.sendMessage(request));
      assert.equal(task.contextId, "thread 1");
      assert.equal(task.status?.state, TaskState.TASK_STATE_SUBMITTED);
      const stored = await hub.read(task.id);
      assert.deepEqual(
        [stored.agent, stored.input, stored.parameters, typeof stored.sessionId],
        [agent, "Fix\n\nit", { port: 1 }, "string"],
      );
      assert.equal(task.history[0]?.messageId, request.message?.messageId);
      assert.deepEqual(valuesOf(task.history[0]?.parts), ["Fix\n\nit", { port: 1 }]);
      const next = taskIn(await client.sendMessage(say(["More"], { skill: agent, contextId: "thread 1" })));
      assert.equal((await hub.read(next.id)).sessionId, stored.sessionId);
    });

    it("makes one task of the same message sent twice, at once or when it has ended", async () => {
      const request = say(["Once"], { skill: agent });
      const [one, other] = await Promise.all([client.sendMessage(request), client.sendMessage(request)]);
      assert.equal(taskIn(one).id, taskIn(other).id);
      assert.equal(taskIn(one).contextId, taskIn(other).contextId);
      const stranger = await connectA2a(hub.test.url, await hub.test.keyFor("developer"), binding);
      const theirs = taskIn(await stranger.sendMessage(request));
      assert.notEqual(theirs.id, taskIn(one).id);
      await client.cancelTask({ tenant: "", id: theirs.id, metadata: undefined });
      await completed("done");
      const again = taskIn(await client.sendMessage(request));
      assert.deepEqual([again.id, again.status?.state], [taskIn(one).id, TaskState.TASK_STATE_COMPLETED]);
    });

    it("waits for the result, a text or data, and shows files by where they are", async () => {
      const waiting = client.sendMessage(say(["Work"], { skill: agent, wait: true }));
      const first = await hub.leaseOne(agent, { waitSeconds: 5 });
      const path = `/api/v1/worker/tasks/${first.task.id}/artifacts/log.txt`;
      const headers = { "content-type": "text/plain", "lease-token": first.leaseToken };
      assert.equal((await hub.test.call("PUT", path, Buffer.from("a log"), headers)).status, 200);
      await hub.say(first, "complete", { result: { fixed: 2 } });
      const task = taskIn(await waiting);
      assert.equal(task.status?.state, TaskState.TASK_STATE_COMPLETED);
      assert.deepEqual(
        task.artifacts.map(({ name }) => name),
        ["log.txt", "result"],
      );
      assert.deepEqual(valuesOf(task.artifacts[1]?.parts), [{ fixed: 2 }]);
      assert.match(String(valuesOf(task.artifacts[0]?.parts)[0]), /\/api\/v1\/artifacts\/art_\w+\/content$/);
      await client.sendMessage(say(["Text"], { skill: agent }));
      const second = await hub.leaseOne(agent);
      await hub.say(second, "fail", { error: { code: "broken", message: "It broke" }, retryable: false });
      const failed = await client.getTask({ tenant: "", id: second.task.id });
      assert.equal(failed.status?.state, TaskState.TASK_STATE_FAILED);
      assert.deepEqual(valuesOf(failed.status?.message?.parts), ["broken: It broke"]);
    });

    it("streams a task until it has ended", async () => {
      const kinds: string[] = [];
      const states: (TaskState | undefined)[] = [];
      for await (const { payload } of client.sendMessageStream(say(["Stream"], { skill: agent }))) {
        kinds.push(payload?.$case ?? "nothing");
        if (payload?.$case === "task") void completed("done");
        if (payload?.$case === "statusUpdate") states.push(payload.value.status?.state);
        if (payload?.$case === "artifactUpdate") assert.deepEqual(valuesOf(payload.value.artifact?.parts), ["done"]);
      }
      assert.equal(kinds[0], "task");
      assert.ok(kinds.includes("artifactUpdate"));
      assert.equal(states.at(-1), TaskState.TASK_STATE_COMPLETED);
    });

    it("lets a client subscribe to a task under way, and not to one that has ended", async () => {
      const task = taskIn(await client.sendMessage(say(["Long"], { skill: agent })));
      const kinds: string[] = [];
      for await (const { payload } of client.resubscribeTask({ tenant: "", id: task.id })) {
        kinds.push(payload?.$case ?? "nothing");
        if (kinds.length === 1) await client.cancelTask({ tenant: "", id: task.id, metadata: undefined });
      }
      assert.deepEqual(kinds, ["task", "statusUpdate"]);
      const late = client.resubscribeTask({ tenant: "", id: task.id });
      await assert.rejects(late.next(), UnsupportedOperationError);
    });

    it("shows a question, and takes a message to the task for its answer, once", async () => {
      const task = taskIn(await client.sendMessage(say(["Ask me"], { skill: agent, contextId: "asked" })));
      const waiting = client.sendMessage(say(["Ask me"], { skill: agent, wait: true }));
      const leased = await hub.leaseOne(agent);
      const schema = { type: "object", required: ["port"], properties: { port: { type: "integer" } } };
      await hub.say(leased, "input-required", { prompt: "Which port?", schema });
      await hub.lease(agent).then(([other]) => other && hub.say(other, "complete", { result: 1 }));
      await waiting;
      const asked = await client.getTask({ tenant: "", id: task.id });
      assert.equal(asked.status?.state, TaskState.TASK_STATE_INPUT_REQUIRED);
      assert.deepEqual(valuesOf(asked.status?.message?.parts), ["Which port?", { schema }]);
      const to = { taskId: task.id, contextId: "asked" };
      await assert.rejects(client.sendMessage(say(["a port"], to)), RequestMalformedError);
      await assert.rejects(client.sendMessage(say(["1"], { ...to, contextId: "other" })), RequestMalformedError);
      const answer = say(['{"port": 8080}'], to);
      assert.equal(taskIn(await client.sendMessage(answer)).status?.state, TaskState.TASK_STATE_SUBMITTED);
      assert.equal(taskIn(await client.sendMessage(answer)).id, task.id);
      const again = await hub.leaseOne(agent);
      assert.deepEqual((await hub.read(task.id)).answers[0].data, { port: 8080 });
      await hub.say(again, "complete", { result: "ok" });
      const { history } = await client.getTask({ tenant: "", id: task.id });
      assert.deepEqual(valuesOf(history.flatMap(({ parts }) => parts)), ["Ask me", "Which port?", { port: 8080 }]);
      await assert.rejects(client.sendMessage(say(["More"], to)), UnsupportedOperationError);
    });

    it("remembers which task led to a message that carries the hub's marker", async () => {
      await hub.task(agent);
      const { task } = await hub.leaseOne(agent);
      const caused = taskIn(await client.sendMessage(say([`See ${task.originMarker}`], { skill: agent })));
      assert.deepEqual((await hub.read(caused.id)).origin, { chain: [task.id], depth: 1 });
      const forged = task.originMarker.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
      const free = taskIn(
        await client.sendMessage(say([dataPart({ forged: forged.replace(/\.\d\./, ".9.") })], { skill: agent })),
      );
      assert.equal((await hub.read(free.id)).origin, undefined);
    });

    it("lists tasks by context and state, page by page", async () => {
      const contextId = `list ${binding}`;
      const made: string[] = [];
      for (let count = 0; count < 3; count += 1)
        made.unshift(taskIn(await client.sendMessage(say([`${count}`], { skill: agent, contextId }))).id);
      await completed("first");
      const list = { tenant: "", contextId, status: 0, pageToken: "", statusTimestampAfter: undefined };
      const first = await client.listTasks({ ...list, pageSize: 2 });
      assert.deepEqual(
        first.tasks.map(({ id }) => id),
        made.slice(0, 2),
      );
      const second = await client.listTasks({
        ...list,
        pageSize: 2,
        pageToken: first.nextPageToken,
        includeArtifacts: true,
      });
      assert.deepEqual(
        second.tasks.map(({ id }) => id),
        made.slice(2),
      );
      assert.equal(second.nextPageToken, "");
      assert.deepEqual(valuesOf(second.tasks[0]?.artifacts[0]?.parts), ["first"]);
      const done = await client.listTasks({ ...list, status: TaskState.TASK_STATE_COMPLETED });
      assert.deepEqual(
        done.tasks.map(({ id }) => id),
        made.slice(2),
      );
      const own = await hub.task(agent);
      assert.deepEqual(
        (await client.listTasks({ ...list, contextId: own })).tasks.map(({ id }) => id),
        [own],
      );
      const all = await client.listTasks({ ...list, contextId: "", pageSize: 1 });
      assert.equal(all.tasks[0]?.id, own);
      await assert.rejects(client.listTasks({ ...list, pageToken: "nonsense" }), RequestMalformedError);
    });

    it("cancels a task, and says when it cannot", async () => {
      const task = taskIn(await client.sendMessage(say(["Stop"], { skill: agent })));
      const canceled = await client.cancelTask({ tenant: "", id: task.id, metadata: undefined });
      assert.equal(canceled.status?.state, TaskState.TASK_STATE_CANCELED);
      const other = taskIn(await client.sendMessage(say(["Go"], { skill: agent })));
      await completed("done");
      await assert.rejects(
        client.cancelTask({ tenant: "", id: other.id, metadata: undefined }),
        TaskNotCancelableError,
      );
    });

    it("refuses what it cannot take, each with its error", async () => {
      const file = {
        content: { $case: "url" as const, value: "https://example.com/a" },
        metadata: undefined,
        filename: "a",
        mediaType: "",
      };
      const { test } = hub;
      const foreign = await test.inAnotherProject();
      await foreign("POST", "/api/v1/agents", { name: "theirs", runner: { type: "pull" } });
      const theirs = (await foreign("POST", "/api/v1/tasks", { agent: "theirs", input: "x" })).body.id;
      await hub.agent();
      const cases: [() => Promise<unknown>, new () => A2AError][] = [
        [() => client.sendMessage(say([file], { skill: agent })), ContentTypeNotSupportedError],
        [() => client.sendMessage(say(["x"])), RequestMalformedError],
        [() => client.sendMessage(say(["x"], { skill: "nobody" })), RequestMalformedError],
        [() => client.sendMessage(say([], { skill: agent })), RequestMalformedError],
        [() => client.sendMessage(say(["x"], { skill: "a\u0000b" })), RequestMalformedError],
        [() => client.sendMessage(say(["x"], { skill: agent, contextId: "x".repeat(300) })), RequestMalformedError],
        [() => client.sendMessage(say(["x"], { skill: agent, messageId: "" })), RequestMalformedError],
        [() => client.sendMessage(say(["x"], { taskId: theirs })), TaskNotFoundError],
        [() => client.getTask({ tenant: "", id: theirs }), TaskNotFoundError],
        [() => client.getTask({ tenant: "", id: "tsk_nonsense" }), TaskNotFoundError],
        [() => client.cancelTask({ tenant: "", id: theirs, metadata: undefined }), TaskNotFoundError],
      ];
      for (const [call, kind] of cases) await assert.rejects(call, kind, String(call));
      const nobody = client.sendMessage(say(["x"], { skill: "nobody" }));
      await assert.rejects(nobody, (error: Error) => error.message.includes(agent));
      const viewer = await connectA2a(test.url, await test.keyFor("viewer"), binding);
      await assert.rejects(viewer.sendMessage(say(["x"], { skill: agent })), /lacks the permission tasks:create/);
    });
  });
