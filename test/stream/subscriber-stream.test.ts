import assert from "node:assert/strict";
import { startTestHub, type TestHub } from "../support/test-hub.ts";

interface Told {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly id: string; readonly data: object };
}

describe("the stream of a subscriber's messages", () => {
  let test: TestHub;
  let token: string;
  let subscriber: string;
  before(async () => {
    test = await startTestHub();
    subscriber = (await test.call("POST", "/api/v1/subscribers", { name: "One" })).body.id;
    token = (await test.call("POST", `/api/v1/subscribers/${subscriber}/portal-token`)).body.token;
  });
  after(() => test[Symbol.asyncDispose]());

  const path = (id = subscriber): string => `${test.url}/api/v1/subscribers/${id}/messages/stream`;
  const publish = async (fields: object = {}): Promise<string> =>
    (await test.call("POST", "/api/v1/messages", { type: "a.b", data: {}, subscriberId: subscriber, ...fields })).body
      .id;

  /** Opens the stream, and hands over what it tells until there are so many. */
  async function listen(count: number, headers: Record<string, string> = {}, query = ""): Promise<Told[]> {
    const ended = new AbortController();
    const authorization = `Bearer ${token}`;
    const response = await fetch(path() + query, { headers: { authorization, ...headers }, signal: ended.signal });
    assert.deepEqual(
      [response.status, response.headers.get("content-type")],
      [200, "text/event-stream; charset=utf-8"],
    );
    let text = "";
    const told: Told[] = [];
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      told.length = 0;
      for (const block of text.split("\n\n").slice(0, -1)) {
        const [, id = "", type = "", data = ""] = /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(block) ?? [];
        if (id !== "") told.push({ id, type, data: JSON.parse(data) });
      }
      if (told.length >= count) break;
    }
    ended.abort();
    return told;
  }

  it("tells what came before and what comes, and goes on where a client was", async () => {
    const first = await publish({ data: { n: 1 } });
    const waiting = listen(2);
    const second = await publish();
    const told = await waiting;
    assert.deepEqual(
      told.map(({ id, type }) => [id, type]),
      [
        [first, "a.b"],
        [second, "a.b"],
      ],
    );
    assert.deepEqual([told[0]?.data.id, told[0]?.data.data], [first, { n: 1 }]);
    const third = await publish();
    assert.deepEqual(
      (await listen(1, { "last-event-id": second })).map(({ id }) => id),
      [third],
    );
    assert.deepEqual(
      (await listen(1, {}, `?lastEventId=${second}`)).map(({ id }) => id),
      [third],
    );
    const cursor = Buffer.from(second).toString("base64url");
    await test.call("POST", `/api/v1/subscribers/${subscriber}/messages/ack`, { cursor });
    assert.deepEqual(
      (await listen(1)).map(({ id }) => id),
      [third],
    );
  });

  it("is there for its own subscriber only", async () => {
    const other = (await test.call("POST", "/api/v1/subscribers", { name: "Other" })).body.id;
    const status = async (url: string, headers: Record<string, string>): Promise<number> => {
      const response = await fetch(url, { headers });
      await response.body?.cancel();
      return response.status;
    };
    const authorization = `Bearer ${token}`;
    assert.equal(await status(path(other), { authorization }), 404);
    assert.equal(await status(path(), {}), 401);
    assert.equal(await status(`${path()}?consumer=a%20b`, { authorization }), 422);
    assert.equal(await status(path(), { authorization, "last-event-id": "x" }), 422);
    assert.equal(await status(`${test.url}/api/v1/stream`, { authorization }), 403, "nor is that of operators");
  });
});
