import { allDone } from "../lib/all-done.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { countInTime, debounceKeyHash, foldIntoDebounces } from "./debounce-fold.ts";
import { selectOpenDebounces, storeGrownDebounces } from "./debounce-store.ts";
import { type DecisionRow, insertDecisions } from "./decision-store.ts";
import { type DueCandidate, decideCandidates } from "./decide-candidates.ts";
import { type Batch, isolatePoison } from "./isolate-poison.ts";
import type { PendingDecision } from "./pending-candidate.ts";
import { deletePendingDecisions, selectPendingDecisions, selectRouteOff, takeDecisionTurn } from "./pending-store.ts";

const maxRows = 500;
const maxBytes = 8_388_608;

/** What one turn at a route's lane came to. */
export interface PendingTurn {
  readonly decided: number;
  /** Up to when every event of the route has been decided: what is due by then may end. */
  readonly decidedUpTo: Date;
  /** An event waits for a debounce of its key to end, whose time was over when it came. */
  readonly isBlocked: boolean;
}

/**
 * Decides on the first candidates of a route's lane, in their order, in one transaction. Undefined while another process has
 * the lane. One that cannot be decided is set aside as failed. `now` is when whoever asks looked for work.
 */
export async function takePendingTurn(
  services: TaskServices,
  routeId: string,
  now: Date,
): Promise<PendingTurn | undefined> {
  return await isolatePoison<PendingDecision, PendingTurn | undefined>(
    maxRows,
    (batch) => services.db.transaction((tx) => decideBatch(tx, services, routeId, now, batch)),
    (row, error) => services.db.transaction((tx) => setAside(tx, services, row, error)),
  );
}

async function decideBatch(
  tx: Transaction,
  services: TaskServices,
  routeId: string,
  now: Date,
  { limit, inHand }: Batch<PendingDecision>,
): Promise<PendingTurn | undefined> {
  if (!(await takeDecisionTurn(tx, routeId))) return undefined;
  const reading = selectPendingDecisions(tx, routeId, limit, maxBytes);
  const asking = selectRouteOff(tx, routeId);
  await allDone([reading, asking]);
  const [{ rows, isAll }, off] = [await reading, await asking];
  const open = await selectOpenDebounces(tx, routeId, rows.flatMap(keyHashOf));
  const taken = rows.slice(0, countInTime(open, rows));
  inHand.push(...taken);
  const next = rows[taken.length];
  const last = taken.at(-1);
  const turn: PendingTurn = {
    decided: taken.length,
    decidedUpTo: next?.routedAt ?? (isAll || last === undefined ? now : last.routedAt),
    isBlocked: next !== undefined,
  };
  if (taken.length === 0) return turn;

  const verdicts = off === undefined ? await decideCandidates(tx, services, taken.map(dueOf)) : [];
  const decisions: DecisionRow[] = [];
  const collected: PendingDecision[] = [];
  for (const [index, row] of taken.entries()) {
    const { outcome, ...verdict } = verdicts[index] ?? { outcome: "held", reason: off };
    if (outcome === "collected") collected.push(row);
    else decisions.push({ ...decisionOf(row), outcome, ...verdict });
  }
  const grown = foldIntoDebounces(open, collected, services.newId);
  await allDone([
    storeGrownDebounces(tx, routeId, grown),
    insertDecisions(tx, decisions, new Date(services.clock.now())),
    deletePendingDecisions(
      tx,
      routeId,
      taken.map((row) => row.seq),
    ),
  ]);
  return turn;
}

function keyHashOf({ candidate: { debounce } }: PendingDecision): string[] {
  return debounce === undefined ? [] : [debounceKeyHash(debounce)];
}

function dueOf(row: PendingDecision): DueCandidate {
  return { ...row, stage: row.candidate.debounce === undefined ? "whole" : "event" };
}

function decisionOf({ eventId, generation, routeId }: PendingDecision) {
  return { eventId, generation, routeId };
}

async function setAside(
  tx: Transaction,
  services: TaskServices,
  row: PendingDecision,
  err: unknown,
): Promise<PendingTurn | undefined> {
  const { routeId, seq } = row;
  if (!(await takeDecisionTurn(tx, routeId))) return undefined;
  const gone = await deletePendingDecisions(tx, routeId, [seq]);
  if (gone > 0) {
    const detail = "the hub could not decide on this event; its log says why";
    const decision = { ...decisionOf(row), outcome: "failed", reason: "internal_error", detail } as const;
    await insertDecisions(tx, [decision], new Date(services.clock.now()));
    const ids = { eventId: toWireId("event", row.eventId), routeId: toWireId("route", routeId) };
    services.log.error({ unit: "decisions", ...ids, err }, "an event could not be decided on and was set aside");
  }
  return { decided: gone, decidedUpTo: row.routedAt, isBlocked: false };
}
