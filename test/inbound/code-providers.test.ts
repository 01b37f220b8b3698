import assert from "node:assert/strict";
import { signSns } from "../conformance/code-subject.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { headerOf, type RawAnswer, request } from "./raw-http.ts";

const arn = "arn:aws:sns:us-west-2:123456789012:MyTopic";
const json = [["Content-Type", "text/plain; charset=UTF-8"]] as const;

describe("a source whose provider is verified by code", () => {
  let test: TestHub;
  before(async () => {
    test = await startTestHub();
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  async function open(provider: string, secrets: readonly string[]): Promise<{ id: string; url: string }> {
    const { status, body } = await test.call("POST", "/api/v1/sources", { name: provider, provider, secrets });
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  }

  async function reasonsOf({ id }: { id: string }): Promise<string[]> {
    await test.hub.processAll();
    const { data } = (await test.call("GET", `/api/v1/sources/${id}/rejections`)).body;
    return data.map(({ reason }: { reason: string }) => reason);
  }

  it("echoes Microsoft Graph's validation token as text that no browser takes for a page", async () => {
    const source = await open("microsoft-graph", ["client state"]);
    const query = "?validationToken=Validation%3A+%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    const answer = await request("POST", source.url + query, [], Buffer.alloc(0));
    assert.deepEqual([answer.status, answer.body], [200, "Validation: <script>alert(1)</script>"]);
    assert.equal(headerOf(answer, "Content-Type"), "text/plain; charset=utf-8");
    assert.equal(headerOf(answer, "X-Content-Type-Options"), "nosniff");
    assert.deepEqual((await test.call("GET", `/api/v1/events?sourceId=${source.id}`)).body.data, []);
  });

  it("refuses an SNS message whose certificate or subscribe URL is elsewhere, and fetches nothing", async () => {
    const source = await open("aws-sns", [arn]);
    const asked: string[] = [];
    const { outbound } = test.hub.services;
    const fetchAnything = outbound.request.bind(outbound);
    outbound.request = async (call) => {
      asked.push(call.url);
      return await fetchAnything(call);
    };
    const Timestamp = new Date(test.clock.now()).toISOString();
    const message = { Type: "Notification", MessageId: "m-1", TopicArn: arn, Message: "Hello", Timestamp };
    const send = (body: object): Promise<RawAnswer> =>
      request("POST", source.url, json, Buffer.from(JSON.stringify(body)));
    const elsewhere = `${test.url}/SimpleNotificationService-0123456789abcdef.pem`;
    assert.equal((await send({ ...signSns(message), SigningCertURL: elsewhere })).status, 401);
    const confirmation = { ...message, Type: "SubscriptionConfirmation", Token: "t", SubscribeURL: elsewhere };
    assert.equal((await send(signSns(confirmation))).status, 401);
    assert.deepEqual(asked, []);
    assert.deepEqual(await reasonsOf(source), ["untrusted_url", "untrusted_url"]);
  });

  it("has Notion's verification token kept, once", async () => {
    const source = await open("notion", []);
    const ask = (token: string): Promise<RawAnswer> =>
      request("POST", source.url, json, Buffer.from(JSON.stringify({ verification_token: token })));
    assert.equal((await ask("secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl")).status, 200);
    assert.equal((await ask("secret_of_someone_else")).status, 401);
    const { body } = await test.call("GET", `/api/v1/sources/${source.id}`);
    assert.equal(body.liveSecrets.length, 1);
    assert.ok(!JSON.stringify(body).includes("secret_tMrl"));
    assert.deepEqual(await reasonsOf(source), ["secret_already_known"]);
  });
});
