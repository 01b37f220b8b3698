import assert from "node:assert/strict";
import { nowMs } from "../conformance/subject.ts";
import { receiverOf } from "./provider-support.ts";
import { accepted, json, sourceOf } from "./verify-support.ts";

type Sent = readonly [body: unknown, headers?: Readonly<Record<string, string>>];

/** The ids of deliveries with these bodies, beside the headers of the provider's sample. */
function idsOf(providerId: string, sent: readonly Sent[]): readonly string[] {
  const { receive } = receiverOf(providerId);
  return sent.map(([body, headers]) => receive(body, headers).deliveryId);
}

function isRepeat(providerId: string, ...sent: readonly Sent[]): void {
  assert.equal(new Set(idsOf(providerId, sent)).size, 1);
}

function areDifferent(providerId: string, ...sent: readonly Sent[]): void {
  assert.equal(new Set(idsOf(providerId, sent)).size, sent.length);
}

describe("a delivery id tells a retry from another event", () => {
  it("box: a retry has another Box-Delivery-Id, and the same id in its body", () => {
    const body = { id: "f1", trigger: "FILE.UPLOADED" };
    isRepeat("box", [body, { "Box-Delivery-Id": "d1" }], [body, { "Box-Delivery-Id": "d2" }]);
    areDifferent(
      "box",
      [{ trigger: "x" }, { "Box-Delivery-Id": "d1" }],
      [{ trigger: "x" }, { "Box-Delivery-Id": "d2" }],
    );
  });

  it("gitlab: hooks that a hook set off share its event UUID", () => {
    const source = sourceOf("gitlab", "token");
    const idOf = (headers: Record<string, string>) =>
      accepted(source, { body: "{}", headers: [json, ["X-Gitlab-Token", "token"], ...Object.entries(headers)] })
        .deliveryId;
    assert.equal(idOf({ "Idempotency-Key": "k1", "X-Gitlab-Event-UUID": "u1" }), "k1");
    assert.equal(idOf({ "Idempotency-Key": "k2", "X-Gitlab-Event-UUID": "u1" }), "k2");
    assert.equal(idOf({ "X-Gitlab-Event-UUID": "u1" }), "u1");
  });

  it("shopify: webhooks of several topics share the id of the event", () => {
    const event = (topic: string, webhook: string): Sent => [
      { id: 1 },
      { "X-Shopify-Event-Id": "e1", "X-Shopify-Webhook-Id": webhook, "X-Shopify-Topic": topic },
    ];
    areDifferent("shopify", event("orders/create", "w1"), event("orders/paid", "w2"));
    isRepeat("shopify", event("orders/create", "w1"), event("orders/create", "w2"));
  });

  it("docusign: two recipients complete one envelope", () => {
    const completed = (recipientId: string, retryCount = 0): Sent => [
      {
        event: "recipient-completed",
        retryCount,
        generatedDateTime: "2026-08-05T15:30:00Z",
        data: { envelopeId: "e1", recipientId },
      },
    ];
    areDifferent("docusign", completed("1"), completed("2"));
    isRepeat("docusign", completed("1"), completed("1", 3));
    assert.deepEqual(idsOf("docusign", [[{ envelopeId: "e1", status: "completed" }]]), ["e1:completed"]);
  });

  it("whatsapp: one message is sent, delivered and read under one id", () => {
    const status = (text: string): Sent => [
      {
        object: "w",
        entry: [{ changes: [{ field: "messages", value: { statuses: [{ id: "wamid.1", status: text }] } }] }],
      },
    ];
    areDifferent("whatsapp", status("sent"), status("delivered"), status("read"));
    isRepeat("whatsapp", status("sent"), status("sent"));
  });

  it("figma: a retry counts itself in the body", () => {
    const { receive, secret } = receiverOf("figma");
    const idOf = (retries: number, comment: string) =>
      receive({
        passcode: secret.text,
        event_type: "FILE_COMMENT",
        webhook_id: "22",
        timestamp: "2026-08-05T15:30:00Z",
        comment_id: comment,
        retries,
      }).deliveryId;
    assert.equal(idOf(0, "c1"), idOf(2, "c1"));
    assert.notEqual(idOf(0, "c1"), idOf(0, "c2"));
  });

  it("dropbox: two changes of one account have the same body; a repeat is what comes within seconds", () => {
    const { receive } = receiverOf("dropbox");
    const body = { list_folder: { accounts: ["dbid:1"] }, delta: { users: [1] } };
    const idAt = (atMs: number) => receive(body, {}, atMs).deliveryId;
    assert.equal(idAt(nowMs), idAt(nowMs + 9_000));
    assert.notEqual(idAt(nowMs), idAt(nowMs + 10_000));
  });

  it("static credentials: what is reported again tomorrow is no repeat", () => {
    const { receive } = receiverOf("api-key");
    const idAt = (atMs: number) => receive({ job: "nightly" }, { "X-Delivery-Id": "" }, atMs).deliveryId;
    assert.equal(idAt(nowMs), idAt(nowMs + 60_000));
    assert.notEqual(idAt(nowMs), idAt(nowMs + 86_400_000));
  });
});

describe("an event type tells what happened", () => {
  it("twitch: a revocation is not taken for the event that it ends", () => {
    const { receive } = receiverOf("twitch");
    const typeOf = (status: string) => receive({ subscription: { type: "channel.follow", status } }).eventType;
    assert.equal(typeOf("enabled"), "channel.follow");
    assert.equal(typeOf("user_removed"), "channel.follow.user_removed");
  });

  it("whatsapp: what comes in, and what becomes of what went out", () => {
    const { receive } = receiverOf("whatsapp");
    const typeOf = (value: unknown) =>
      receive({ object: "whatsapp_business_account", entry: [{ changes: [{ field: "messages", value }] }] }).eventType;
    assert.equal(typeOf({ messages: [{ id: "1", type: "text" }] }), "whatsapp_business_account.messages");
    assert.equal(typeOf({ statuses: [{ id: "1", status: "read" }] }), "whatsapp_business_account.messages.read");
  });

  it("discord: an interaction by its number, a webhook event by its name", () => {
    const { receive } = receiverOf("discord");
    assert.equal(receive({ id: "1", type: 3 }).eventType, "3");
    assert.equal(receive({ type: 1, event: { type: "ENTITLEMENT_CREATE" } }).eventType, "ENTITLEMENT_CREATE");
  });
});
