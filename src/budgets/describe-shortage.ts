import type { ScopeShortage } from "./announce-shortages.ts";
import { fromUnits } from "./budget.ts";

/** Says to a person which budget has no room, how much of it is used, and when it begins anew. */
export function describeShortage({ scope, shortage: { limit, used, reserved, endsAt } }: ScopeShortage): string {
  const amount = (units: number): string => String(fromUnits(limit.measure, units));
  const open = reserved === 0 ? "" : ` and ${amount(reserved)} set aside for open tasks`;
  const taken = `${amount(used)}${open} of ${amount(limit.units)}`;
  return `the budget of the ${scope.kind} has no room for a task: ${taken} (${limit.measure} per ${limit.period}, UTC); it begins anew at ${new Date(endsAt).toISOString()}`;
}
