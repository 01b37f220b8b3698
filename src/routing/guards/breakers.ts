import type { Executor, Transaction } from "../../platform/database.ts";

/** A task that a route with a breaker is about to make. */
export interface BreakableTask {
  readonly routeId: string;
  readonly tasks: number;
  readonly perSeconds: number;
  readonly cooldownSeconds: number;
}

/** The breaker of a route: how many tasks it made since its window began, and until when it is open. Times in milliseconds. */
interface Breaker {
  windowEndsAt: number;
  count: number;
  openUntil: number | undefined;
}

/** Breakers by the uuid of their route. */
export type Breakers = ReadonlyMap<string, Breaker>;

interface BreakerRow {
  readonly route_id: string;
  readonly window_ends_at: Date;
  readonly count: number;
  readonly open_until: Date | null;
}

const lockStatement = {
  name: "lock_route_breakers",
  text: `INSERT INTO route_breakers AS b (route_id, window_ends_at, count)
         SELECT route_id, 'epoch', 0 FROM unnest($1::uuid[]) AS i (route_id) ORDER BY route_id
         ON CONFLICT (route_id) DO UPDATE SET count = b.count
         RETURNING route_id, window_ends_at, count, open_until`,
};

const readStatement = {
  name: "read_route_breakers",
  text: "SELECT route_id, window_ends_at, count, open_until FROM route_breakers WHERE route_id = ANY ($1)",
};

const saveStatement = {
  name: "save_route_breakers",
  text: `UPDATE route_breakers b SET window_ends_at = i.window_ends_at, count = i.count, open_until = i.open_until
         FROM unnest($1::uuid[], $2::timestamptz[], $3::int[], $4::timestamptz[])
           AS i (route_id, window_ends_at, count, open_until)
         WHERE b.route_id = i.route_id`,
};

async function open(
  db: Executor,
  statement: { readonly name: string; readonly text: string },
  routeIds: readonly string[],
): Promise<Breakers> {
  const unique = [...new Set(routeIds)].toSorted();
  const breakers = new Map<string, Breaker>(
    unique.map((id) => [id, { windowEndsAt: 0, count: 0, openUntil: undefined }]),
  );
  if (unique.length === 0) return breakers;
  for (const row of await db.query<BreakerRow>(statement, [unique]))
    breakers.set(row.route_id, {
      windowEndsAt: row.window_ends_at.getTime(),
      count: row.count,
      openUntil: row.open_until?.getTime(),
    });
  return breakers;
}

/** The breakers of these routes, the transaction's alone until it ends; `saveBreakers` must follow. */
export async function lockBreakers(tx: Transaction, routeIds: readonly string[]): Promise<Breakers> {
  return await open(tx, lockStatement, routeIds);
}

/** The breakers of these routes as they are, without holding anybody up. */
export async function peekBreakers(db: Executor, routeIds: readonly string[]): Promise<Breakers> {
  return await open(db, readStatement, routeIds);
}

/** Writes down breakers that this transaction has locked. */
export async function saveBreakers(tx: Transaction, breakers: Breakers): Promise<void> {
  if (breakers.size === 0) return;
  const all = [...breakers.values()];
  await tx.query(saveStatement, [
    [...breakers.keys()],
    all.map((breaker) => new Date(breaker.windowEndsAt)),
    all.map((breaker) => breaker.count),
    all.map((breaker) => (breaker.openUntil === undefined ? null : new Date(breaker.openUntil))),
  ]);
}

/** Until when the route makes no tasks; undefined when it does. A breaker whose time is over closes and counts anew. */
export function openUntil(breakers: Breakers, routeId: string, nowMs: number): number | undefined {
  const breaker = breakers.get(routeId);
  if (breaker?.openUntil === undefined) return undefined;
  if (nowMs < breaker.openUntil) return breaker.openUntil;
  Object.assign(breaker, { openUntil: undefined, windowEndsAt: 0, count: 0 });
  return undefined;
}

/** Counts a task, however it will end. One more than the breaker allows is not counted but opens it: then true. */
export function trips(breakers: Breakers, task: BreakableTask, nowMs: number): boolean {
  const breaker = breakers.get(task.routeId);
  if (breaker === undefined) return false;
  if (nowMs >= breaker.windowEndsAt) Object.assign(breaker, { windowEndsAt: nowMs + task.perSeconds * 1000, count: 0 });
  if (breaker.count < task.tasks) {
    breaker.count += 1;
    return false;
  }
  breaker.openUntil = nowMs + task.cooldownSeconds * 1000;
  return true;
}

const closeStatement = {
  name: "close_route_breaker",
  text: "UPDATE route_breakers SET window_ends_at = 'epoch', count = 0, open_until = NULL WHERE route_id = $1",
};

/** Closes a route's breaker; it counts anew. */
export async function closeBreaker(tx: Transaction, routeId: string): Promise<void> {
  await tx.query(closeStatement, [routeId]);
}
