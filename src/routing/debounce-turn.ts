import { allDone } from "../lib/all-done.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { type DebouncedEvent, type DebounceEnd, endDebounces, selectDebouncedEvents } from "./debounced-event-store.ts";
import { type DueDebounce, takeDebounce, takeDueDebounces } from "./debounce-store.ts";
import { type DueCandidate, decideCandidates, type Verdict } from "./decide-candidates.ts";
import { type Batch, isolatePoison } from "./isolate-poison.ts";
import { selectRouteOff, takeDecisionTurn } from "./pending-store.ts";

const maxDebounces = 50;
const maxBytes = 8_388_608;
/** How many of its events a task lists: the last ones; it says how many there were. */
const maxListed = 1_000;

/**
 * Makes the tasks of a route's debounces whose time is over by then, in one transaction that only one process at a time has
 * for a route. Answers with how many ended. One of which no task can be made is set aside, its events as failed.
 */
export async function endDueDebounces(services: TaskServices, routeId: string, by: Date): Promise<number> {
  return await isolatePoison<DueDebounce, number>(
    maxDebounces,
    (batch) => services.db.transaction((tx) => endBatch(tx, services, routeId, by, batch)),
    (debounce, error) => services.db.transaction((tx) => setAside(tx, services, routeId, debounce, error)),
  );
}

/** A verdict, or that the route is off. */
type Ended = Omit<Verdict, "reason"> & { readonly reason?: string | undefined };

async function endBatch(
  tx: Transaction,
  services: TaskServices,
  routeId: string,
  by: Date,
  { limit, inHand }: Batch<DueDebounce>,
): Promise<number> {
  if (!(await takeDecisionTurn(tx, routeId))) return 0;
  const taking = takeDueDebounces(tx, routeId, by, { limit, maxBytes });
  const asking = selectRouteOff(tx, routeId);
  await allDone([taking, asking]);
  const [due, off] = [await taking, await asking];
  inHand.push(...due);
  if (due.length === 0) return 0;
  const verdicts = off === undefined ? await enqueueDebounces(tx, services, routeId, due) : [];
  const ends = due.map((debounce, index) => endOf(debounce, verdicts[index] ?? { outcome: "held", reason: off }));
  await endDebounces(tx, ends, new Date(services.clock.now()));
  return due.length;
}

async function enqueueDebounces(
  tx: Transaction,
  services: TaskServices,
  routeId: string,
  due: readonly DueDebounce[],
): Promise<Verdict[]> {
  const events = await selectDebouncedEvents(
    tx,
    due.map((debounce) => debounce.id),
    maxListed,
  );
  const candidates = due.map(({ id, projectId, agentId, latest, dueAt, events: count }): DueCandidate => ({
    projectId,
    routeId,
    agentId,
    candidate: latest,
    routedAt: dueAt,
    coalesced: { count, events: (events.get(id) ?? []).map(presentCoalesced) },
    stage: "task",
  }));
  return await decideCandidates(tx, services, candidates);
}

function presentCoalesced({ eventId, type, deliveryId, receivedAt }: DebouncedEvent) {
  return { id: eventId, type, deliveryId, receivedAt: receivedAt.toISOString() };
}

// Those before the latest are in the list of its task. Where none was made, the same became of all of them.
function endOf(debounce: DueDebounce, verdict: Ended): DebounceEnd {
  const { outcome, reason, detail, taskId } = verdict;
  const latest = { outcome, reason };
  const others = outcome === "matched" ? { outcome: "coalesced", reason: "coalesced" } : latest;
  return { debounce, latest, others, detail, taskId };
}

async function setAside(
  tx: Transaction,
  services: TaskServices,
  routeId: string,
  debounce: DueDebounce,
  err: unknown,
): Promise<number> {
  if (!(await takeDecisionTurn(tx, routeId))) return 0;
  if (!(await takeDebounce(tx, routeId, debounce.id))) return 0;
  const failed = { outcome: "failed", reason: "internal_error" };
  const detail = "the hub could not make a task of these events; its log says why";
  await endDebounces(tx, [{ debounce, latest: failed, others: failed, detail }], new Date(services.clock.now()));
  services.log.error(
    { unit: "decisions", routeId: toWireId("route", routeId), events: debounce.events, err },
    "events that were collected could not become a task and were set aside",
  );
  return 1;
}
