import { type Actor, authorise } from "./actor.ts";

/** What can be switched on and off by a role that may change nothing else of it. */
type Switchable = "sources" | "routes" | "endpoints" | "schedules";

/** Throws ForbiddenError unless the actor may make these changes: `pause` is enough when only the switch is among them. */
export function authoriseChange(actor: Actor, resource: Switchable, changes: object, switchField: string): void {
  const fields = Object.keys(changes);
  const isOnlySwitch = fields.length === 1 && fields[0] === switchField;
  authorise(actor, isOnlySwitch ? `${resource}:pause` : `${resource}:write`);
}
