import assert from "node:assert/strict";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { headerOf, request } from "./raw-http.ts";
import {
  custom,
  type Delivery,
  github,
  newDeliveryId,
  openSource,
  type Sender,
  type SenderSource,
  senders,
  slack,
  standardWebhooks,
  storedOf,
  stripe,
  svix,
} from "./senders.ts";

const form = "application/x-www-form-urlencoded";
const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
const nestedObjects = (levels: number): string => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

describe("bad input, rows 23-39: bodies", () => {
  let test: TestHub;
  let key: string;
  const sources = new Map<Sender, SenderSource>();
  before(async () => {
    test = await startTestHub();
    key = await test.keyFor("owner");
    for (const sender of senders) sources.set(sender, await openSource(test, sender));
    await test.call("POST", "/api/v1/agents", { name: "reader", runner: { type: "pull" } });
    const task = { input: "${event.body.text}", parameters: { all: "${event.body}", text: "got ${event.body.text}" } };
    await test.call("POST", "/api/v1/routes", { name: "all", agent: "reader", task });
    await test.call("POST", "/api/v1/endpoints", { url: "http://127.0.0.1:9/hook", eventTypes: ["task.submitted"] });
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  function sourceOf(sender: Sender): SenderSource {
    const source = sources.get(sender);
    assert.ok(source);
    return source;
  }

  /** Sends it, and expects exactly these bytes and one task to be kept; answers with the task. */
  async function expectKept(sender: Sender, delivery: Delivery & { readonly body: string | Buffer }) {
    const source = sourceOf(sender);
    const { status, body } = await source.send(delivery);
    assert.equal(status, 200, body);
    const newest = await test.call("GET", `/api/v1/events?sourceId=${source.id}&limit=1`);
    const eventId: string = newest.body.data[0].id;
    const authorization = [["Authorization", `Bearer ${key}`]] as const;
    const kept = await request("GET", `${test.url}/api/v1/events/${eventId}/body`, authorization);
    assert.equal(kept.body, delivery.body.toString());
    assert.equal(headerOf(kept, "Content-Type"), delivery.contentType ?? "application/json");
    const { data } = (await test.call("GET", `/api/v1/tasks?sourceEventId=${eventId}`)).body;
    assert.equal(data.length, 1);
    return (await test.call("GET", `/api/v1/tasks/${data[0].id}`)).body;
  }

  async function expectMalformed(sender: Sender, delivery: Delivery): Promise<void> {
    const { status, body } = await sourceOf(sender).send(delivery);
    const problem = { type: "about:blank", status: 400, title: "Bad Request", code: "malformed" };
    assert.deepEqual([status, JSON.parse(body)], [400, problem]);
  }

  for (const sender of senders)
    describe(sender.provider, () => {
      it("23: signed, but not UTF-8, is a 400", async () => {
        const bodies = [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0x80]].map((bytes) =>
          Buffer.concat([Buffer.from('{"text":"'), Buffer.from(bytes), Buffer.from('"}')]),
        );
        for (const body of bodies)
          for (const contentType of ["application/json", "text/plain"])
            await expectMalformed(sender, { body, contentType });
      });

      it("24: a byte order mark is a 400", async () => {
        for (const body of ["\uFEFF{}", "\uFEFFtext"]) await expectMalformed(sender, { body });
        await expectMalformed(sender, { body: Buffer.from("\uFEFF{}", "utf16le") });
      });

      it("25: what is not JSON is a 400 where it says that it is", async () => {
        for (const body of ["not json", "{", '{"a":1}}', "{'a':1}", "NaN", '{"a":01}', '{"a":"\n"}', " "])
          await expectMalformed(sender, { body });
      });

      it("25: a body is not looked at before its signature", async () => {
        assert.equal((await sourceOf(sender).send({ body: "{", secret: sender.otherSecret })).status, 401);
      });

      const text = (json: string): string =>
        `{"id":"${newDeliveryId()}","event_id":"${newDeliveryId()}","text":${json}}`;
      for (const [rows, what, json] of [
        ["26", "\\u0000", '"a\\u0000b"'],
        ["27", "a lone surrogate", '"\\ud800 \\udfff"'],
        ["28", "1e999999", "1e999999"],
        ["30", "duplicate keys", '1,"text":2,"text":"last"'],
        ["31", "__proto__ and constructor", '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'],
        ["32", "integers above 2^53", "[9007199254740993,123456789012345678901234567890]"],
        ["33", "$& and the like", '"$& $1 $` $\' $$ ${event.body} %s {body} \\\\ \\" \'"'],
      ] as const)
        it(`${rows}: ${what} in JSON is accepted, and its bytes are kept exactly`, async () => {
          await expectKept(sender, { body: text(json) });
          assert.equal(({} as { polluted?: unknown }).polluted, undefined);
        });

      it("29: nesting 10,000 deep is a 400, 512 deep is kept, in a task's parameters as well", async () => {
        for (const deep of [nested(10_000), nestedObjects(10_000), nested(1_000_000), text(nested(512))])
          await expectMalformed(sender, { body: deep });
        const wanted = text(nested(511));
        const task = await expectKept(sender, { body: wanted });
        assert.deepEqual(task.parameters.all, JSON.parse(wanted));
        await expectKept(sender, { body: text(nestedObjects(511)) });
      });

      it("37: a text/plain body is verified on its bytes", async () => {
        await expectKept(sender, { body: text('"JSON all the same"'), contentType: "text/plain; charset=utf-8" });
        const replaceBody = (body: Buffer): Buffer => Buffer.from(body.toString().replace("plain", "plane"));
        const contentType = "text/plain";
        assert.equal((await sourceOf(sender).send({ body: "plain", contentType, replaceBody })).status, 401);
      });

      it("38: a charset of UTF-16 or -32 is a 415; one that ASCII is a part of is not", async () => {
        for (const charset of ["utf-16", "UTF-16LE", '"utf-16be"', "utf-32", "ibm037", "shift_jis"]) {
          const refused = await sourceOf(sender).send({ contentType: `application/json; charset=${charset}` });
          assert.deepEqual([refused.status, JSON.parse(refused.body).code], [415, "unsupported_media_type"], charset);
        }
        for (const charset of ["utf-8", "UTF8", '"utf-8"', "us-ascii", "iso-8859-1"])
          storedOf(await sourceOf(sender).send({ contentType: `application/json; charset=${charset}` }));
      });

      it("39: no body is a 400 when it is signed, else a 401", async () => {
        const source = sourceOf(sender);
        assert.equal((await request("POST", source.url)).status, 401);
        assert.equal((await request("POST", source.url, [], Buffer.alloc(0))).status, 401);
        assert.equal((await request("POST", source.url, source.sign({ body: "" }).headers)).status, 400);
        await expectMalformed(sender, { body: "" });
      });
    });

  it("25: forms and texts are a 400 where the provider sends only JSON, and kept where it sends anything", async () => {
    for (const sender of [github, stripe, standardWebhooks, svix])
      for (const contentType of [form, "application/xml", "application/octet-stream"])
        await expectMalformed(sender, { body: "a=1&text=x", contentType });
    const task = await expectKept(custom, { body: "a=1&text=x&text=y&__proto__=z", contentType: form });
    assert.deepEqual(task.parameters.all, { a: "1", text: ["x", "y"], ["__proto__"]: "z" });
    await expectKept(custom, { body: "<a/>", contentType: "application/xml" });
  });

  it("29: nesting is limited in a form's payload too", async () => {
    await expectMalformed(github, { body: `payload=${encodeURIComponent(nested(513))}`, contentType: form });
    const body = `payload=${encodeURIComponent(JSON.stringify({ text: "in a form" }))}`;
    const task = await expectKept(github, { body, contentType: form });
    assert.equal(task.parameters.text, "got in a form");
  });

  it("brackets in strings are no nesting, and many shallow ones are not deep", async () => {
    await expectKept(github, { body: JSON.stringify({ text: `\\"${"[{".repeat(5_000)}` }) });
    await expectKept(github, { body: JSON.stringify({ text: "x", all: Array.from({ length: 5_000 }, () => [{}]) }) });
  });

  it("Slack's forms are kept, interactions as the JSON that they wrap", async () => {
    const command = `command=%2Fdeploy&text=now&trigger_id=${newDeliveryId()}`;
    const task = await expectKept(slack, { body: command, contentType: form });
    assert.equal(task.input, "now");
    const payload = { type: "block_actions", trigger_id: newDeliveryId(), text: "clicked" };
    const wrapped = `payload=${encodeURIComponent(JSON.stringify(payload))}`;
    assert.equal((await expectKept(slack, { body: wrapped, contentType: form })).input, "clicked");
    // What it is answered, Slack shows to the user.
    const answer = await sourceOf(slack).send({ body: wrapped, contentType: form });
    assert.deepEqual([answer.status, answer.body], [200, ""]);
  });
});
