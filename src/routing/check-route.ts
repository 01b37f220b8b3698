import { findCapableAgents } from "../agents/capable-agents-store.ts";
import { type HeldAgent, holdAgent } from "../agents/hold-agent.ts";
import { selectSubscriber } from "../endpoints/store.ts";
import { type FieldError, InvalidError } from "../lib/errors.ts";
import { fromWireId, toWireId } from "../lib/ids.ts";
import { ownProvider } from "../lib/own-provider.ts";
import type { Transaction } from "../platform/database.ts";
import { providers } from "../sources/providers/catalogue.ts";
import { selectSource } from "../sources/store.ts";
import { compileRoute, type RouteRules } from "./compile-route.ts";

// Stands for a task that a change leaves alone.
const anyTask = { input: "-" };

/** Throws InvalidError naming each fault of a provider, pattern, expression or template; what is absent is not looked at. */
export function requireValidRule(
  written: { readonly [Field in keyof RouteRules]?: RouteRules[Field] | null } & { readonly provider?: string | null },
): void {
  const { provider, ...rules } = written;
  const errors: FieldError[] = [];
  if (typeof provider === "string" && provider !== ownProvider && !providers.has(provider))
    errors.push({ path: "provider", message: `must be one of ${[ownProvider, ...providers.keys()].join(", ")}` });
  const compiled = compileRoute({
    match: rules.match ?? undefined,
    when: rules.when ?? undefined,
    task: rules.task ?? anyTask,
    keys: rules.keys ?? undefined,
    debounce: rules.debounce ?? undefined,
    limits: rules.limits ?? undefined,
    actors: rules.actors ?? undefined,
    loops: rules.loops ?? undefined,
    subscriberId: rules.subscriberId ?? undefined,
    approval: rules.approval ?? undefined,
  });
  if (!compiled.ok) errors.push(...compiled.errors);
  if (errors.length > 0) throw new InvalidError("The route is not valid", errors);
}

function missing(path: string, message: string): InvalidError {
  return new InvalidError(`${path} ${message}`, [{ path, message }]);
}

/** Throws InvalidError unless this is a source of the project, which then stays until the transaction ends. */
export async function requireSource(tx: Transaction, projectId: string, id: string): Promise<void> {
  if ((await selectSource(tx, projectId, id, "share")) === undefined)
    throw missing("sourceId", "must be the id of a source of this project");
}

/** Who gets the tasks of a route: an agent, or whoever has a capability. */
export interface Addressee {
  readonly agent?: string;
  readonly capability?: string;
}

/**
 * The agent of the project that is named, or one that has the capability; it stays until the transaction ends. Throws
 * InvalidError when there is none, or when not exactly one of both is asked for.
 */
export async function requireAgent(
  tx: Transaction,
  projectId: string,
  { agent: name, capability }: Addressee,
): Promise<HeldAgent> {
  if (name === undefined && capability === undefined) throw missing("agent", "is required, or a capability");
  if (name !== undefined && capability !== undefined) throw missing("capability", "must not stand beside an agent");
  const id = capability && (await findCapableAgents(tx, [{ projectId, capability }])).pick({ projectId, capability });
  const agent = await holdAgent(tx, projectId, name ?? (id === undefined ? "" : toWireId("agent", id)));
  if (agent !== undefined) return agent;
  throw capability === undefined
    ? missing("agent", "must be the name of an agent of this project")
    : missing("capability", "must be one that an agent of this project has");
}

/** Throws InvalidError when this is the id of a subscriber, and not of one of the project; an expression says only later who it is. */
export async function requireSubscriber(tx: Transaction, projectId: string, written: string): Promise<void> {
  const id = fromWireId("subscriber", written);
  if (id !== undefined && (await selectSubscriber(tx, { projectId }, { id }, "share")) === undefined)
    throw missing("subscriberId", "must be the id of a subscriber of this project");
}
