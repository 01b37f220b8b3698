import { ForbiddenError } from "../lib/errors.ts";
import { type ActorRole, mayGrant, type Permission, permits, type Role } from "./roles.ts";

/** The agents for which a credential may make worker calls, by name. */
export type AgentScope = readonly string[] | "all";

/** Who acts: an API key, a short-lived token of one, or the hub itself. */
export interface Actor {
  readonly kind: "key" | "token" | "system";
  /** The uuid of the key (a token has that of the key it was minted for), or a name where there is no row. */
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  readonly role: ActorRole;
  readonly agents: AgentScope;
  /** The uuid of the one subscriber that it may act for: what others have is not there for it. */
  readonly subscriberId?: string;
}

/** Within which bounds something is looked for. */
export type Scope = Pick<Actor, "projectId" | "subscriberId">;

/** What a new key or token would be able to do. */
interface Grant {
  readonly role: Role;
  readonly agents: AgentScope;
}

/** Throws ForbiddenError naming the permission unless the actor's role has it. */
export function authorise(actor: Actor, permission: Permission): void {
  if (permits(actor.role, permission)) return;
  throw new ForbiddenError(`This credential has the role ${actor.role}, which lacks the permission ${permission}`);
}

/** Why the actor may not make worker calls for the agent of this name; undefined when it may. */
export function agentRefusal(actor: Actor, agentName: string): ForbiddenError | undefined {
  if (actor.agents === "all" || actor.agents.includes(agentName)) return undefined;
  return new ForbiddenError(`This credential may not act for the agent ${JSON.stringify(agentName)}`);
}

/**
 * Throws ForbiddenError unless the actor may make worker calls for the agent of this name. It does not look whether the
 * agent exists, so the answer does not tell either.
 */
export function authoriseAgent(actor: Actor, agentName: string): void {
  const refusal = agentRefusal(actor, agentName);
  if (refusal !== undefined) throw refusal;
}

/**
 * Throws ForbiddenError unless the actor may hand out this power as a key or token. Ask besides `keys:write` or
 * `tokens:mint`: this only says that nobody gets more than the granter has, in role, in agents, or in time.
 */
export function authoriseGrant(actor: Actor, grant: Grant): void {
  // Else a stolen token, good for an hour at most, would renew itself for ever or turn itself into a key.
  if (actor.kind === "token")
    throw new ForbiddenError("A token cannot make keys or tokens; authenticate with an API key to do so");
  if (!mayGrant(actor.role, grant.role))
    throw new ForbiddenError(`This credential has the role ${actor.role}, which may not grant the role ${grant.role}`);
  if (actor.agents === "all") return;
  if (grant.agents === "all")
    throw new ForbiddenError("This credential is for named agents and may not grant all of them");
  for (const agentName of grant.agents) authoriseAgent(actor, agentName);
}
