import { toWireId } from "../lib/ids.ts";
import { type Announcement, announce } from "../messages/announce.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import type { Shortage } from "./account.ts";
import { fromUnits } from "./budget.ts";
import type { Scope } from "./budget-cache.ts";
import type { Accounts } from "./open-accounts.ts";

const selectName = {
  agent: { name: "name_of_agent", text: "SELECT name FROM agents WHERE id = $1" },
  route: { name: "name_of_route", text: "SELECT name FROM routes WHERE id = $1" },
  project: { name: "name_of_project", text: "SELECT name FROM projects WHERE id = $1" },
} as const;

async function nameOf(db: Executor, { kind, id }: Scope): Promise<string> {
  const [row] = await db.query<{ name: string }>(selectName[kind], [id]);
  return row?.name ?? "";
}

/** A scope that ran out, and of what. */
export interface ScopeShortage {
  readonly scope: Scope;
  readonly shortage: Shortage;
}

/**
 * Says `budget.exceeded` of each scope once in each hour and each day: the account, which the caller has locked and saves
 * afterwards, remembers it.
 */
export async function announceShortages(
  tx: Transaction,
  services: Services,
  accounts: Accounts,
  shortages: readonly ScopeShortage[],
): Promise<void> {
  const announcements: Announcement[] = [];
  for (const { scope, shortage } of shortages) {
    const { limit, used, endsAt } = shortage;
    const window = accounts.get(scope.id)?.windows[limit.period];
    if (window === undefined || window.isAnnounced) continue;
    window.isAnnounced = true;
    const budget = {
      scope: scope.kind,
      id: toWireId(scope.kind, scope.id),
      name: await nameOf(tx, scope),
      measure: limit.measure,
      period: limit.period,
      limit: fromUnits(limit.measure, limit.units),
      used: fromUnits(limit.measure, used),
      resetsAt: new Date(endsAt).toISOString(),
    };
    announcements.push({ projectId: scope.projectId, type: "budget.exceeded", data: { budget } });
  }
  await announce(tx, services, announcements);
}
