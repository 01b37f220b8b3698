import { z } from "zod";
import { fromWireId, toWireId } from "../lib/ids.ts";
import type { Executor } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { type AccountState, emptyAccount, periodMs } from "./account.ts";
import { budgetSchema, fromUnits, type Period } from "./budget.ts";
import { peekAccounts } from "./open-accounts.ts";
import type { BudgetRow } from "./store.ts";

const windowSchema = z.object({
  startsAt: z.iso.datetime(),
  endsAt: z.iso.datetime(),
  tasks: z.int().describe("Made since it began."),
  tokens: z.int().describe("Reported since it began."),
  costUsd: z.number().describe("Reported since it began."),
});

/** A budget and what is used of it. */
export const budgetViewSchema = z
  .object({
    scope: z.enum(["route", "agent", "project"]),
    id: z.string(),
    name: z.string(),
    limits: budgetSchema,
    used: z
      .object({ hour: windowSchema, day: windowSchema })
      .describe(
        "In the hour and the day of now, UTC. Tokens and cost are counted where the budget limits one of them.",
      ),
    reserved: z
      .object({ tokens: z.int(), costUsd: z.number() })
      .describe("What open tasks are expected to use yet: what such a task has used on average."),
  })
  .meta({ id: "BudgetUse" });

export type BudgetView = z.infer<typeof budgetViewSchema>;

function presentWindow(account: AccountState, period: Period): z.infer<typeof windowSchema> {
  const { startsAt, tasks, tokens, cost } = account.windows[period];
  return {
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(startsAt + periodMs[period]).toISOString(),
    tasks,
    tokens,
    costUsd: fromUnits("cost", cost),
  };
}

/** The public form of stored budgets with what is used of them now. */
export async function presentBudgets(
  db: Executor,
  { clock }: Pick<Services, "clock">,
  rows: readonly BudgetRow[],
): Promise<BudgetView[]> {
  const nowMs = clock.now();
  const ids = rows.map((row) => row.id);
  const accounts = await peekAccounts(db, ids, nowMs);
  return rows.map(({ kind, id, name, limits }) => {
    const account = accounts.get(id) ?? emptyAccount(nowMs);
    const { tokens, cost } = account.reserved;
    return {
      scope: kind,
      id: toWireId(kind, id),
      name,
      limits,
      used: { hour: presentWindow(account, "hour"), day: presentWindow(account, "day") },
      reserved: { tokens, costUsd: fromUnits("cost", cost) },
    };
  });
}

/** The uuid of the route, agent or project that a budget is for: lists are ordered by it. */
export function scopeUuid({ scope, id }: BudgetView): string {
  const uuid = fromWireId(scope, id);
  if (uuid === undefined) throw new Error(`${id} is not the id of a ${scope}`);
  return uuid;
}
