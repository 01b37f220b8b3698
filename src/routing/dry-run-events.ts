import type { Context } from "../access/context.ts";
import { selectRoutedEvents } from "../events/routed-event-store.ts";
import { selectEvent, selectEvents, type StoredEvent } from "../events/store.ts";
import { InvalidError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { PastedDelivery, SampleNames } from "../sources/read-sample.ts";
import { selectSource } from "../sources/store.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import type { DryRunRequest, SampleEvent } from "./dry-run-request.ts";
import type { RoutedEvent } from "./decide-events.ts";

/** Reads a pasted delivery as its source would; the stage of the sources is an earlier one, and gives it in. */
export type ReadSample = (delivery: PastedDelivery) => Promise<SampleNames | undefined>;

/** An event that a dry run goes through. */
export interface TriedEvent {
  readonly event: RoutedEvent;
  readonly isSample: boolean;
}

const maxBytes = 16_777_216;
const nowhere = "00000000-0000-0000-0000-000000000000";

/**
 * The sample, the stored event, or the last of them, newest first; as many bodies at once as fit into memory together. Throws
 * NotFoundError when the project has no such event, InvalidError for a sample of a source that it has not.
 */
export async function* triedEvents(
  ctx: Context,
  request: DryRunRequest,
  routes: readonly CompiledRoute[],
  readSample: ReadSample,
): AsyncGenerator<TriedEvent> {
  if (request.event !== undefined) {
    yield { event: await sampleEvent(ctx, request.event, routes, readSample), isSample: true };
    return;
  }
  for (const ids of batchesOf(await storedEvents(ctx, request)))
    for (const event of (await selectRoutedEvents(ctx.db, ids)).toReversed()) yield { event, isSample: false };
}

async function storedEvents(
  { db, actor: { projectId } }: Context,
  { eventId, last = 0, filter = {} }: DryRunRequest,
): Promise<readonly StoredEvent[]> {
  if (eventId === undefined) return (await selectEvents(db, projectId, filter, { limit: last })).slice(0, last);
  const event = await selectEvent(db, projectId, eventId);
  if (event === undefined) throw new NotFoundError("There is no such event in this project");
  return [event];
}

function batchesOf(events: readonly StoredEvent[]): string[][] {
  const batches: string[][] = [];
  let bytes = Infinity;
  for (const { id, body_size: size } of events) {
    bytes += size;
    const batch = batches.at(-1);
    if (batch !== undefined && bytes <= maxBytes) batch.push(id);
    else {
      batches.push([id]);
      bytes = size;
    }
  }
  return batches;
}

async function sampleEvent(
  ctx: Context,
  sample: SampleEvent,
  routes: readonly CompiledRoute[],
  readSample: ReadSample,
): Promise<RoutedEvent> {
  const { projectId } = ctx.actor;
  // What the sample does not say, the one route that it is tried on does.
  const [route] = routes.length === 1 ? routes : [];
  const sourceId = sample.sourceId ?? route?.sourceId;
  const source = sourceId === undefined ? undefined : await selectSource(ctx.db, projectId, sourceId);
  if (sample.sourceId !== undefined && source === undefined) throw unknownSource();
  const provider = sample.provider ?? source?.provider ?? route?.provider;
  const { body, headers = {} } = sample;
  const rawBody = Buffer.from(typeof body === "string" ? body : (JSON.stringify(body) ?? ""));
  const read = await readSample({ sourceId: source?.id, provider, headers, rawBody, body });
  const id = ctx.newId();
  const rowOfSource = source?.id ?? nowhere;
  return {
    row: {
      id,
      projectId,
      sourceId: rowOfSource,
      provider: provider ?? "custom",
      type: sample.type ?? typeOf(sample, read, route),
      deliveryId: sample.deliveryId ?? read?.deliveryId ?? id,
      receivedAt: new Date(ctx.clock.now()),
      headers: { ...read?.headers, ...lowerCased(headers) },
      body: rawBody,
    },
    source: { wireId: toWireId("source", rowOfSource), name: source?.name ?? "" },
    body,
  };
}

const unknownType = "unknown";

/** A bare payload often does not say what it is, GitHub's for one: then it is what the route is for. */
function typeOf({ isBare }: SampleEvent, read: SampleNames | undefined, route: CompiledRoute | undefined): string {
  if (read !== undefined && read.type !== unknownType) return read.type;
  const [first = unknownType] = isBare ? (route?.types ?? []) : [];
  return first;
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function unknownSource(): InvalidError {
  const message = "must be the id of a source of this project";
  return new InvalidError(`event.sourceId ${message}`, [{ path: "event.sourceId", message }]);
}
