import { compileEventValue, readEventValue } from "./event-value.ts";
import type { EventValue } from "./event-value.ts";
import { parsePointer } from "./json-pointer.ts";
import type { PointerPath } from "./json-pointer.ts";
import { listOf } from "./scheme-shape.ts";
import type { BatchShape } from "./scheme-shape.ts";

/** Where the items of a delivery that holds several events stand, and what names each of them. */
export interface Batch {
  readonly items: readonly PointerPath[];
  readonly deliveryId: EventValue | undefined;
  readonly eventType: EventValue | undefined;
}

/** One event of a batch. */
export interface BatchItem {
  readonly body: unknown;
  /** The provider's id of this item, as it came; undefined where it has none. */
  readonly deliveryId: string | undefined;
  readonly eventType: string | undefined;
}

export function compileBatch(batch: BatchShape | undefined): Batch | undefined {
  if (batch === undefined) return undefined;
  return {
    items: listOf(batch.items).map(parsePointer),
    deliveryId: compileEventValue(batch.deliveryId),
    eventType: compileEventValue(batch.eventType),
  };
}

/** The items of a verified body, in their order; none when the body is no batch. */
export function readBatch(batch: Batch, body: unknown, headers: ReadonlyMap<string, string>): readonly BatchItem[] {
  return batch.items
    .flatMap((path) => itemsAt(body, path, 0))
    .map((item) => ({
      body: item,
      deliveryId: batch.deliveryId && readEventValue(batch.deliveryId, item, headers, true),
      eventType: batch.eventType && readEventValue(batch.eventType, item, headers, false),
    }));
}

/**
 * The id of a delivery that is known by its items: theirs. The first one's alone would not do: a provider that retries packs
 * anew, and what stands behind the first would be lost as a repeat.
 */
export function batchDeliveryId(items: readonly BatchItem[]): string | undefined {
  const ids: string[] = [];
  for (const { deliveryId } of items) {
    if (deliveryId === undefined) return undefined;
    ids.push(deliveryId);
  }
  return ids.length === 0 ? undefined : ids.join(",");
}

function itemsAt(document: unknown, path: PointerPath, index: number): readonly unknown[] {
  const key = path[index];
  if (key === undefined) return [document];
  if (key === "*") return Array.isArray(document) ? document.flatMap((item) => itemsAt(item, path, index + 1)) : [];
  if (typeof document !== "object" || document === null || !Object.hasOwn(document, key)) return [];
  return itemsAt((document as Readonly<Record<string, unknown>>)[key], path, index + 1);
}
