import assert from "node:assert/strict";
import { readBatch } from "../../src/sources/verification/batch.ts";
import { receiverOf } from "./provider-support.ts";

function batchOf(providerId: string, body: unknown) {
  const { subject, receive } = receiverOf(providerId);
  const { batch } = subject.scheme;
  assert.ok(batch);
  const verified = receive(body);
  const items = readBatch(batch, verified.body, new Map());
  return { verified, items, ids: items.map((item) => item.deliveryId), types: items.map((item) => item.eventType) };
}

describe("a delivery of several events", () => {
  it("is known by the ids of all of them, since a provider that retries packs anew", () => {
    const event = (id: string) => ({ sg_event_id: id, event: "open" });
    const idOf = (...ids: string[]) => batchOf("sendgrid", ids.map(event)).verified.deliveryId;
    assert.equal(idOf("a"), "a");
    assert.equal(idOf("a", "b"), "a,b");
    assert.equal(idOf("a", "b"), idOf("a", "b"));
    assert.notEqual(idOf("a", "b"), idOf("a", "c"));
    const many = Array.from({ length: 500 }, (_, index) => `event-${index}`);
    assert.match(idOf(...many), /^sha256:[0-9a-f]{64}$/);
  });

  it("is known by its bytes when one of them has no id", () => {
    const { verified } = batchOf("sendgrid", [{ sg_event_id: "a", event: "open" }, { event: "open" }]);
    assert.match(verified.deliveryId, /^sha256:/);
  });

  it("has the type of its first event", () => {
    const { verified, types } = batchOf("sendgrid", [
      { sg_event_id: "a", event: "processed" },
      { sg_event_id: "b", event: "bounce" },
    ]);
    assert.equal(verified.eventType, "processed");
    assert.deepEqual(types, ["processed", "bounce"]);
  });

  it("hubspot: a retry counts itself, and is the same", () => {
    const event = (attemptNumber: number) => ({
      eventId: 1,
      subscriptionId: 2,
      occurredAt: 3,
      subscriptionType: "deal.deletion",
      attemptNumber,
    });
    const first = batchOf("hubspot", [event(0)]);
    assert.equal(first.verified.deliveryId, "1:2:3");
    assert.equal(batchOf("hubspot", [event(2)]).verified.deliveryId, "1:2:3");
    assert.equal(first.verified.eventType, "deal.deletion");
  });

  it("line: a redelivery says so, and is the same", () => {
    const event = (isRedelivery: boolean) => ({
      destination: "x",
      events: [{ type: "message", webhookEventId: "01F", deliveryContext: { isRedelivery } }],
    });
    assert.equal(batchOf("line", event(false)).verified.deliveryId, "01F");
    assert.equal(batchOf("line", event(true)).verified.deliveryId, "01F");
  });

  it("xero: each event by its tenant, resource, kind and time", () => {
    const event = (category: string, type: string) => ({
      tenantId: "t",
      resourceId: "r",
      eventType: type,
      eventCategory: category,
      eventDateUtc: "2026-06-21T01:15:39.902",
    });
    const { ids, types } = batchOf("xero", { events: [event("INVOICE", "UPDATE"), event("CONTACT", "CREATE")] });
    assert.deepEqual(ids, ["t:r:UPDATE:2026-06-21T01:15:39.902", "t:r:CREATE:2026-06-21T01:15:39.902"]);
    assert.deepEqual(types, ["INVOICE.UPDATE", "CONTACT.CREATE"]);
  });

  it("meta: changes and messages of several entries, in their order", () => {
    const { ids, types, verified } = batchOf("meta", {
      object: "page",
      entry: [
        {
          id: "1",
          changes: [
            { field: "feed", value: {} },
            { field: "mention", value: {} },
          ],
        },
        { id: "2", messaging: [{ sender: {}, recipient: {}, timestamp: 1, message: { mid: "m_1" } }] },
        { id: "3", messaging: [{ sender: {}, recipient: {}, timestamp: 1, postback: {} }] },
      ],
    });
    assert.deepEqual(types, ["feed", "mention", "message", "postback"]);
    assert.deepEqual(ids, [undefined, undefined, "m_1", undefined]);
    assert.match(verified.deliveryId, /^sha256:/, "changes have no id");
    assert.equal(verified.eventType, "page.feed");
  });

  it("what is no batch has no items", () => {
    const { batch } = receiverOf("line").subject.scheme;
    assert.ok(batch);
    for (const body of [undefined, null, 1, "x", [], {}, { events: null }, { events: {} }, { events: "ab" }])
      assert.deepEqual(readBatch(batch, body, new Map()), []);
  });
});
