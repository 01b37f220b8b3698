import { createHash } from "node:crypto";
import type { CompiledScheme } from "./compile-scheme.ts";
import { readBatch } from "./verification/batch.ts";
import { cleanDeliveryId, cleanEventType } from "./verification/clean-text.ts";
import { itemTexts } from "./verification/item-texts.ts";
import type { VerifiedRequest } from "./verify-request.ts";

/** One event of a delivery, as it is stored and routed. */
export type DeliveryItem = Pick<VerifiedRequest, "deliveryId" | "eventType" | "headers" | "contentType" | "body"> & {
  readonly rawBody: Buffer;
};

/** Providers send up to 1,000 (SendGrid, Microsoft Graph); each item is a row, a dedupe key and its tasks in one commit. */
const maxItems = 1_000;

/**
 * The events of a verified delivery, for a source that asks for one per item (`verification.split`): each with its own id, hence its own dedupe
 * key, and its own bytes. Those are the item's part of the body as it came; of a body that was wrapped in a form, the parsed item
 * written anew. An item without an id has the delivery's, `#` and its index.
 *
 * What is no batch, is empty or has more than 1,000 items stays one event: refused, it would be sent again and again, and lost.
 * Store all of them before the delivery is answered; should a few be missing, the sender's next try brings them.
 */
export function splitDelivery(
  verified: VerifiedRequest,
  rawBody: Buffer,
  { batch }: Pick<CompiledScheme, "batch">,
): readonly DeliveryItem[] {
  const { deliveryId, eventType, headers, contentType, body } = verified;
  const whole = { deliveryId, eventType, headers, contentType, body, rawBody };
  const items = batch === undefined ? [] : readBatch(batch, body, new Map(Object.entries(headers)));
  if (batch === undefined || items.length === 0 || items.length > maxItems) return [whole];
  const texts = exactTexts(rawBody, batch.items, items.length) ?? items.map((item) => JSON.stringify(item.body));
  const ids = distinctIds(
    items.map((item, index) => item.deliveryId ?? `${deliveryId}#${index}`),
    texts,
  );
  return items.map((item, index) => ({
    deliveryId: cleanDeliveryId(ids[index] ?? deliveryId),
    eventType: (item.eventType && cleanEventType(item.eventType)) ?? eventType,
    headers,
    contentType: "application/json",
    body: item.body,
    rawBody: Buffer.from(texts[index] ?? ""),
  }));
}

/**
 * Items that share an id and are not the same would be taken for repeats of each other, and all but one be lost: theirs are told apart by
 * what they hold, not by their order, in which a provider that packs anew need not keep them.
 */
function distinctIds(ids: readonly string[], texts: readonly string[]): readonly string[] {
  const textsOf = new Map<string, Set<string>>();
  for (const [index, id] of ids.entries()) textsOf.set(id, (textsOf.get(id) ?? new Set()).add(texts[index] ?? ""));
  return ids.map((id, index) => {
    if (textsOf.get(id)?.size === 1) return id;
    return `${id}#${createHash("sha256")
      .update(texts[index] ?? "")
      .digest("hex")
      .slice(0, 32)}`;
  });
}

/** Undefined where the body is not itself the JSON that was parsed: GitHub and Slack wrap theirs in a form. */
function exactTexts(
  rawBody: Buffer,
  patterns: Parameters<typeof itemTexts>[1],
  count: number,
): readonly string[] | undefined {
  const first = rawBody.toString("latin1", 0, 64).trimStart()[0];
  if (first !== "{" && first !== "[") return undefined;
  const texts = itemTexts(rawBody.toString("utf8"), patterns);
  return texts.length === count ? texts : undefined;
}
