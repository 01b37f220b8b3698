import assert from "node:assert/strict";
import { once } from "node:events";
import { WebSocket } from "ws";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { eventually } from "../support/eventually.ts";

interface Told {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly data: { readonly [field: string]: unknown };
}

interface Follower extends AsyncDisposable {
  readonly told: readonly Told[];
}

describe("The stream of a project", () => {
  let test: TestHub;
  let key: string;
  before(async () => {
    test = await startTestHub();
    key = await test.keyFor("viewer");
  });
  after(() => test[Symbol.asyncDispose]());

  const publish = async (type: string, note: string): Promise<string> => {
    const { status, body } = await test.call("POST", "/api/v1/messages", { type, data: { note } });
    assert.equal(status, 202);
    return body.id;
  };
  const notes = ({ told }: Follower): unknown[] => told.map(({ data }) => data["note"]);

  const taskTypes = ({ told }: Follower): string[] =>
    told.map(({ type }) => type).filter((type) => type.startsWith("task."));

  async function overSse(query = "", headers: Record<string, string> = {}): Promise<Follower> {
    const ended = new AbortController();
    const response = await fetch(`${test.url}/api/v1/stream${query}`, {
      headers: { authorization: `Bearer ${key}`, ...headers },
      signal: ended.signal,
    });
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
    const told: Told[] = [];
    const reading = (async () => {
      let text = "";
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        text += Buffer.from(chunk).toString();
        const events = text.split("\n\n");
        text = events.pop() ?? "";
        for (const event of events) {
          const [, id, type, data] = /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(event) ?? [];
          if (id === undefined) continue;
          const parsed = JSON.parse(data as string);
          assert.equal(parsed.type, type);
          told.push({ id, ...parsed });
        }
      }
    })().catch(() => undefined);
    return {
      told,
      async [Symbol.asyncDispose]() {
        ended.abort();
        await reading;
      },
    };
  }

  async function overWebSocket(query = "", inProtocol = false): Promise<Follower & { readonly client: WebSocket }> {
    const url = `${test.url.replace("http", "ws")}/api/v1/ws${query}`;
    const client = inProtocol
      ? new WebSocket(url, ["hookyard.stream", `hookyard.bearer.${key}`])
      : new WebSocket(url, { headers: { authorization: `Bearer ${key}` } });
    const told: Told[] = [];
    client.on("message", (text: Buffer) => told.push(JSON.parse(text.toString())));
    await once(client, "open");
    return {
      told,
      client,
      async [Symbol.asyncDispose]() {
        const closed = once(client, "close");
        client.close();
        await closed;
      },
    };
  }

  for (const [name, follow] of [
    ["server-sent events", overSse],
    ["WebSocket", overWebSocket],
  ] as const) {
    it(`tells by ${name} what happens from now on, each thing once`, async () => {
      await publish("sample.old", "before");
      await using follower = await follow();
      for (const note of ["one", "two"]) await publish("sample.new", note);
      await eventually(() => Promise.resolve(assert.deepEqual(notes(follower), ["one", "two"])));
      await publish("sample.new", "three");
      await eventually(() => Promise.resolve(assert.deepEqual(notes(follower), ["one", "two", "three"])));
      assert.ok(follower.told.every(({ id, timestamp }) => id.startsWith("msg_") && timestamp.endsWith("Z")));
    });

    it(`goes on by ${name} where it was left`, async () => {
      const last = await publish("resume.a", `${name} left`);
      await publish("resume.b", `${name} one`);
      await publish("resume.c", `${name} two`);
      await using follower = await follow(`?lastEventId=${last}&types=resume.*`);
      await eventually(() => Promise.resolve(assert.deepEqual(notes(follower), [`${name} one`, `${name} two`])));
    });

    it(`tells by ${name} only the types that are asked for`, async () => {
      await using follower = await follow("?types=wanted.*,exact");
      for (const type of ["unwanted", "wanted.a", "exact", "exactly"]) await publish(type, type);
      await eventually(() => Promise.resolve(assert.deepEqual(notes(follower), ["wanted.a", "exact"])));
    });
  }

  it("tells of accepted events too, and goes on from the header of the client", async () => {
    const source = await test.call("POST", "/api/v1/sources", { name: "s", provider: "github", secrets: ["secret"] });
    const last = await publish("sample.last", "last");
    await using follower = await overSse("?types=event.*", { "last-event-id": last });
    const sent = await test.call("POST", `/api/v1/sources/${source.body.id}/test`, {});
    assert.equal(sent.status, 200, JSON.stringify(sent.body));
    await eventually(() => Promise.resolve(assert.equal(follower.told.length, 1)));
    const [{ id, type, data } = assert.fail()] = follower.told;
    assert.ok(id.startsWith("evt_") && type === "event.accepted");
    assert.equal((data["event"] as { sourceId: string }).sourceId, source.body.id);
  });

  it("tells which states tasks pass through, though no endpoint asks, wherever they do", async () => {
    const elsewhere = test.at((await test.startAnother()).url);
    await using follower = await overSse("?types=task.*");
    await test.call("POST", "/api/v1/agents", { name: "watched", runner: { type: "pull" } });
    await test.call("POST", "/api/v1/tasks", { agent: "watched", input: "x" });
    const lease = { workerId: "w", agents: ["watched"], waitSeconds: 5 };
    const [{ task, leaseToken }] = (await elsewhere("POST", "/api/v1/worker/lease", lease)).body.tasks;
    await elsewhere("POST", `/api/v1/worker/tasks/${task.id}/complete`, { leaseToken, result: 1 });
    const expected = ["task.submitted", "task.working", "task.completed"];
    await eventually(() => Promise.resolve(assert.deepEqual(taskTypes(follower), expected)));
  });

  it("takes a credential among the subprotocols, and does not repeat it", async () => {
    await using follower = await overWebSocket("", true);
    assert.equal(follower.client.protocol, "hookyard.stream");
    await publish("sample.new", "hello");
    await eventually(() => Promise.resolve(assert.deepEqual(notes(follower), ["hello"])));
  });

  it("is refused without a credential, without the permission, and with what is no id", async () => {
    const refusal = async (url: string, credential?: string): Promise<number | undefined> => {
      const client = new WebSocket(
        url,
        credential === undefined ? {} : { headers: { authorization: `Bearer ${credential}` } },
      );
      client.on("error", () => undefined);
      const [, response] = await once(client, "unexpected-response");
      client.terminate();
      return response.statusCode;
    };
    const url = `${test.url.replace("http", "ws")}/api/v1/ws`;
    await test.call("POST", "/api/v1/agents", { name: "a", runner: { type: "pull" } });
    const worker = await test.keyFor("worker", ["a"]);
    assert.equal(await refusal(url), 401);
    assert.equal(await refusal(url, worker), 403);
    assert.equal(await refusal(`${url}?lastEventId=nonsense`, key), 422);
    assert.equal(await refusal(`${url}?types=a**b*c`, key), 422);
    assert.equal(await refusal(`${url}elsewhere`, key), 404);
    assert.equal((await test.as(undefined)("GET", "/api/v1/stream")).status, 401);
    assert.equal((await test.as(worker)("GET", "/api/v1/stream")).status, 403);
    assert.equal((await test.as(key)("GET", "/api/v1/stream?lastEventId=msg_1")).status, 422);
    const header = { "last-event-id": "nonsense" };
    const refused = await test.as(key)("GET", "/api/v1/stream", undefined, header);
    assert.deepEqual([refused.status, refused.body.errors[0].path], [422, "Last-Event-ID"]);
    assert.equal((await test.as(key)("GET", "/api/v1/ws")).status, 426);
  });

  it("tells nothing of another project", async () => {
    const stranger = await test.inAnotherProject();
    await using follower = await overSse("?types=secret.*");
    await stranger("POST", "/api/v1/messages", { type: "secret.theirs", data: {} });
    await publish("secret.ours", "ours");
    await eventually(() => Promise.resolve(assert.deepEqual(notes(follower), ["ours"])));
  });

  it("ends when the hub stops", async () => {
    const hub = await test.startAnother("web");
    const client = new WebSocket(`${hub.url.replace("http", "ws")}/api/v1/ws`, {
      headers: { authorization: `Bearer ${key}` },
    });
    await once(client, "open");
    const sse = await fetch(`${hub.url}/api/v1/stream`, { headers: { authorization: `Bearer ${key}` } });
    const closed = once(client, "close");
    const ended = sse.text();
    await hub.stop();
    assert.deepEqual((await closed)[0], 1001);
    assert.match(await ended, /^: hello/);
  });
});
