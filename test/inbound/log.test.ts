import assert from "node:assert/strict";
import { createLogger } from "../../src/platform/logger.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { withoutDatabase } from "../support/without-database.ts";
import { exchange, type Header, headOf, request } from "./raw-http.ts";
import { type Delivery, github, openSource, type SenderSource, senders, slack } from "./senders.ts";

interface Line {
  readonly unit?: string;
  readonly outcome?: string;
  readonly reason?: string;
  readonly status?: number;
}

const payload = "what the customer wrote";
const token = "a-token-that-a-sender-put-into-the-query";
const authorization = "Bearer a-credential-that-a-sender-sent-along";
const cookie = "session=a-cookie-that-a-sender-sent-along";

describe("bad input, row 52: the log", () => {
  let test: TestHub;
  const lines: string[] = [];
  /** What must not be in it. */
  const unspeakable = new Set([payload, token, authorization, "a-credential-that", cookie]);
  const statuses = new Set<number>();

  before(async function () {
    this.timeout(30_000);
    const log = createLogger("trace", { write: (line: string) => void lines.push(line) });
    test = await startTestHub({ log });
    await test.call("POST", "/api/v1/agents", { name: "reader", runner: { type: "pull" } });
    // Renders for some events, and fails for others.
    const task = { input: "${event.body.text}", parameters: { all: "${event.body}" } };
    await test.call("POST", "/api/v1/routes", { name: "all", agent: "reader", task });
    const opened: SenderSource[] = [];
    for (const sender of senders) {
      const source = await openSource(test, sender);
      opened.push(source);
      await sendEverything(source);
    }
    await use(opened[0], "a commit that fails", async (source) => {
      const { services } = test.hub;
      await services.db.query({ text: "ALTER TABLE events ADD CONSTRAINT refused CHECK (false) NOT VALID" }, []);
      await send(source);
      await services.db.query({ text: "ALTER TABLE events DROP CONSTRAINT refused" }, []);
    });
    await withoutDatabase(test.database, async () => {
      for (const source of opened) await send(source);
    });
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  async function use(source: SenderSource | undefined, what: string, work: (source: SenderSource) => Promise<void>) {
    assert.ok(source, what);
    await work(source);
  }

  function keepSilentOn(text: string): void {
    for (const form of [text, ...["hex", "base64"].map((form) => Buffer.from(text).toString(form as BufferEncoding))])
      unspeakable.add(form);
  }

  async function send(source: SenderSource, delivery: Delivery = {}): Promise<void> {
    const { headers, body } = source.sign(delivery);
    const name = source.sender.signatureHeader.toLowerCase();
    for (const [key, value] of headers)
      if (key.toLowerCase() === name)
        for (const part of value.split(/[=,]/)) if (part.length > 20) unspeakable.add(part);
    const extra: Header[] = [
      ["Authorization", authorization],
      ["Cookie", cookie],
    ];
    const answer = await request("POST", `${source.url}?token=${token}`, [...headers, ...extra], body);
    statuses.add(answer.status);
    // A handshake's answer is what the provider asked for.
    if (answer.status === 200) return;
    for (const text of unspeakable) assert.ok(!answer.body.includes(text), `the answer says ${text}`);
  }

  async function sendEverything(source: SenderSource): Promise<void> {
    const { sender, url, id } = source;
    for (const secret of [sender.secret, sender.otherSecret]) keepSilentOn(secret.replace(/^whsec_/, ""));
    const body = JSON.stringify({ text: payload, id: "1", event_id: "1" });
    await send(source);
    await send(source, { id: "1", body });
    await send(source, { id: "1", body });
    await send(source, { id: "1", body: body.replace("{", '{"more":1,') });
    await send(source, { body: JSON.stringify({ text: `${payload} `.repeat(20_000) }) });
    await send(source, { body, secret: sender.otherSecret });
    await send(source, { body, timestamp: "1614265330" });
    await send(source, { body: `${payload} is not JSON` });
    await send(source, { body: Buffer.from(`{"text":"${payload}\xff"}`, "latin1") });
    await send(source, { body: "[".repeat(10_000) + payload });
    await send(source, { body, contentType: "application/json; charset=utf-16" });
    await send(source, { body, alter: (headers) => [...headers, ...headers] });
    await send(source, { body: JSON.stringify({ text: payload.repeat(500_000) }) });
    const rotation = { secret: sender.otherSecret, expiresPreviousInSeconds: 60 };
    await test.call("POST", `/api/v1/sources/${id}/secrets`, rotation);
    await send(source, { secret: sender.otherSecret });
    await send(source, { body: JSON.stringify({ type: "url_verification", challenge: payload }) });
    // A secret in the wrong place is not repeated either.
    const { headers } = source.sign();
    await request("GET", `${url}?secret=${encodeURIComponent(sender.secret)}`, headers);
    await request("POST", `${test.url}/in/${encodeURIComponent(sender.secret)}`, headers, Buffer.from(body));
    await exchange(url, headOf("POST", url, [...headers, ["Content-Length", "1"], ["Content-Length", "2"]]), body);
  }

  it("52: has a line for each outcome", () => {
    const inbound = lines.map((line) => JSON.parse(line) as Line).filter(({ unit }) => unit === "inbound");
    const outcomes = new Set(inbound.map(({ outcome }) => outcome));
    assert.deepEqual(outcomes, new Set(["accepted", "bad_method", "duplicate", "failed", "handshake", "refused"]));
    for (const reason of ["signature_mismatch", "not_json", "bad_utf8", "too_deep", "payload_too_large", "not_found"])
      assert.ok(
        inbound.some((line) => line.reason === reason),
        reason,
      );
    assert.deepEqual(statuses, new Set([200, 400, 401, 413, 415, 500, 503]));
    assert.ok(lines.some((line) => line.includes(slack.provider)));
    assert.ok(lines.some((line) => line.includes(github.provider)));
  });

  it("52: holds no secret, signature, credential, query or payload", () => {
    assert.ok(lines.length > 100);
    for (const text of unspeakable)
      for (const line of lines) assert.ok(!line.includes(text), `${text} is in the log: ${line}`);
  });
});
