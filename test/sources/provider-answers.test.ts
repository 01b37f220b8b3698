import assert from "node:assert/strict";
import { accepted, hmac, json, slackHeaders, slackSecret, sourceOf } from "./verify-support.ts";
import { receiverOf } from "./provider-support.ts";

const empty = { status: 200, contentType: "text/plain; charset=utf-8", body: "" };

describe("what a provider must be answered with", () => {
  it("slack: an interaction or a command with nothing that a user would see, an event with anything", () => {
    const source = sourceOf("slack", slackSecret);
    const form = "application/x-www-form-urlencoded";
    const command = "command=%2Fdeploy&trigger_id=12.34.ab";
    assert.deepEqual(accepted(source, { body: command, headers: slackHeaders(command, form) }).answer, empty);
    const interaction = `payload=${encodeURIComponent('{"type":"block_actions","trigger_id":"1"}')}`;
    assert.deepEqual(accepted(source, { body: interaction, headers: slackHeaders(interaction, form) }).answer, empty);
    const event = '{"type":"event_callback","event_id":"Ev1","event":{"type":"message"}}';
    assert.equal(accepted(source, { body: event, headers: slackHeaders(event) }).answer, undefined);
  });

  it("discord: an interaction with a deferred reply, a webhook event with 204", () => {
    const { receive } = receiverOf("discord");
    assert.deepEqual(receive({ id: "1", type: 2 }).answer, {
      status: 200,
      contentType: "application/json",
      body: '{"type":5}',
    });
    assert.equal(receive({ type: 1, event: { type: "ENTITLEMENT_CREATE" } }).answer?.status, 204);
  });

  it("discord: both pings are answered, and a webhook event of type 1 is no ping", () => {
    const { receive } = receiverOf("discord");
    assert.equal(receive({ id: "1", type: 1 }).handshake?.body, '{"type":1}');
    assert.equal(receive({ type: 0, version: 1 }).handshake?.status, 204);
    assert.equal(receive({ type: 1, event: { type: "ENTITLEMENT_CREATE" } }).handshake, undefined);
  });

  it("xero: events with an empty 200", () => {
    const { receive, subject } = receiverOf("xero");
    assert.deepEqual(receive({ events: [{ eventCategory: "INVOICE", eventType: "UPDATE" }] }).answer, empty);
    assert.equal(subject.provider.successStatus, 200);
  });

  it("a declared answer may hold what the request says", () => {
    const source = sourceOf(
      {
        algorithm: "hmac-sha256",
        header: "x-signature",
        answer: [
          {
            match: [
              { pointer: "/a", equals: 1 },
              { header: "x-kind", exists: true },
            ],
            respond: { status: 202 },
          },
          { match: { pointer: "/token", exists: true }, respond: { json: { token: { pointer: "/token" }, ok: true } } },
        ],
      },
      "s",
    );
    const answerTo = (body: string, ...headers: (readonly [string, string])[]) =>
      accepted(source, { body, headers: [json, ["x-signature", hmac("s", body).toString("hex")], ...headers] }).answer;
    assert.equal(answerTo('{"a":1}', ["X-Kind", "k"])?.status, 202);
    assert.equal(answerTo('{"a":1}'), undefined);
    assert.equal(answerTo('{"a":2,"token":"t"}')?.body, '{"token":"t","ok":true}');
    assert.equal(answerTo('{"token":{}}'), undefined, "an object is no text to answer with");
  });
});
