import type { EventDocument } from "../../src/routing/event-document.ts";

/** An event document around a body, as GitHub's `issues.opened` would make it unless told otherwise. */
export function eventDocument(body: unknown, overrides: Partial<EventDocument> = {}): EventDocument {
  return {
    id: "evt_01h455vb4pex5vsknk084sn02q",
    type: "issues.opened",
    provider: "github",
    source: { id: "src_01h455vb4pex5vsknk084sn02q", name: "octo" },
    deliveryId: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    receivedAt: "2026-01-02T03:04:05.678Z",
    headers: { "x-github-event": "issues", "content-type": "application/json" },
    body,
    ...overrides,
  };
}
