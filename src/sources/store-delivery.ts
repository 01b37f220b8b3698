import type { Acceptance, EventAcceptor } from "../events/accept-events.ts";
import type { SourceRecord } from "./source-cache.ts";
import { splitDelivery } from "./split-delivery.ts";
import type { VerifiedRequest } from "./verify-request.ts";

/**
 * Stores a verified delivery with the tasks that it causes: as one event, or as one for each that it holds where the source
 * asks for that; then the first one's id answers for all, and it is a duplicate when all of them are. Rejects with
 * UnavailableError unless all are stored: the sender's next try brings those that are missing.
 */
export async function storeDelivery(
  acceptor: EventAcceptor,
  source: SourceRecord,
  verified: VerifiedRequest,
  rawBody: Buffer,
): Promise<Acceptance> {
  if (!source.splitsBatches) {
    const { deliveryId, eventType, headers, contentType, body } = verified;
    return await acceptor.accept({ source, deliveryId, eventType, headers, contentType, body, rawBody });
  }
  const items = splitDelivery(verified, rawBody, source.scheme);
  const all = await Promise.all(items.map((item) => acceptor.accept({ source, ...item })));
  const [first] = all;
  if (first === undefined) throw new Error("a delivery holds one event at least");
  return {
    eventId: first.eventId,
    duplicate: all.every(({ duplicate }) => duplicate),
    held: all.some(({ held }) => held),
    tasks: all.reduce((sum, { tasks }) => sum + tasks, 0),
  };
}
