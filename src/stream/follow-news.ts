import { setTimeout as delay } from "node:timers/promises";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { compileEventTypes } from "../lib/event-type-pattern.ts";
import { firstIdAt } from "../lib/ids.ts";
import type { News } from "./news.ts";
import { selectNews, selectNewsIds } from "./news-store.ts";

/** What a stream tells, and from when. */
export interface NewsRequest {
  /** The uuid of what was told last; absent: from now on. */
  readonly after?: string | undefined;
  /** Types or patterns such as `task.*`; absent: all. */
  readonly types?: readonly string[] | undefined;
  /** Ends the stream. */
  readonly signal: AbortSignal;
}

// An id is made before its row is committed, so that one may appear behind those that were told already. Transactions take
// milliseconds; what takes longer than this is missed by a stream, and by nothing else.
const overlapMs = 3_000;
const maxIds = 5_000;
const maxRows = 100;
const pauseMs = 400;

// States that tasks pass through are told only to whoever asks (ADR 5); a stream asks for as long as it is open.
const askEveryMs = 15_000;
const statesOnTheWay = ["submitted", "working", "input_required", "auth_required"].map((state) => `task.${state}`);

async function askForStates({ db, signals, actor: { projectId } }: Context): Promise<void> {
  await db.transaction(async (tx) => await signals.emit(tx, "watchers", [projectId]));
}

function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/**
 * What happens in the actor's project from a moment on, in batches, oldest first as far as is known: each thing once, and
 * an empty batch when nothing happened for a while. Ends when the signal says so. Holds the ids of some seconds, and reads
 * a bounded number of rows at a time, however far back it begins.
 */
export async function* followNews(ctx: Context, request: NewsRequest): AsyncGenerator<readonly News[]> {
  authorise(ctx.actor, "messages:read");
  authorise(ctx.actor, "events:read");
  const { db, clock } = ctx;
  const { projectId } = ctx.actor;
  const { after, signal } = request;
  const wants = compileEventTypes(request.types ?? null);
  let askAgainMs = statesOnTheWay.some(wants) ? -Infinity : Infinity;
  let fromMs = after === undefined ? clock.now() : timeOf(after);
  const idsInSight = (): Promise<string[]> => selectNewsIds(db, projectId, firstIdAt(fromMs - overlapMs), maxIds);
  const told = new Set(after === undefined ? await idsInSight() : (await idsInSight()).filter((id) => id <= after));
  while (!signal.aborted) {
    if (clock.now() >= askAgainMs) {
      await askForStates(ctx);
      askAgainMs = clock.now() + askEveryMs;
    }
    const fresh = (await idsInSight()).filter((id) => !told.has(id)).slice(0, maxRows);
    const news = fresh.length === 0 ? [] : await selectNews(db, fresh);
    for (const id of fresh) {
      told.add(id);
      fromMs = Math.max(fromMs, timeOf(id));
    }
    for (const id of told) if (timeOf(id) < fromMs - overlapMs) told.delete(id);
    yield news.filter(({ type }) => wants(type));
    if (fresh.length < maxRows) await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
