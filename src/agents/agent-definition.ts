import { isDeepStrictEqual } from "node:util";
import { profileFields } from "./agent.ts";
import type { Agent } from "./agent.ts";
import type { Runner } from "./runner.ts";
import type { AgentRow } from "./store.ts";

/** What is said of an agent, apart from its name and from what it does: what a version of it holds. */
export type AgentDefinition = Omit<
  Agent,
  "id" | "name" | "version" | "status" | "lastRun" | "paused" | "createdAt" | "updatedAt"
>;

/** Changes to a definition: what is undefined stays, what is null goes. */
export type DefinitionChanges = {
  readonly [Field in keyof AgentDefinition]?: AgentDefinition[Field] | null | undefined;
};

const profileNames = Object.keys(profileFields) as (keyof typeof profileFields)[];

/** The columns that hold a definition. */
export function columnsOf(definition: AgentDefinition) {
  const profile = profileNames.flatMap((name) => (definition[name] === undefined ? [] : [[name, definition[name]]]));
  return {
    description: definition.description ?? null,
    team: definition.team ?? null,
    capabilities: definition.capabilities,
    instructions: definition.instructions ?? null,
    model: definition.model ?? null,
    tools: definition.tools,
    runner: JSON.stringify(definition.runner),
    limits: JSON.stringify(definition.limits),
    profile: JSON.stringify(Object.fromEntries(profile)),
    metadata: JSON.stringify(definition.metadata ?? {}),
  };
}

/** The definition that a row holds. */
export function definitionOf(row: AgentRow): AgentDefinition {
  const metadata = row.metadata as Record<string, unknown>;
  return {
    ...(row.description === null ? {} : { description: row.description }),
    ...(row.team === null ? {} : { team: row.team }),
    capabilities: row.capabilities,
    ...(row.instructions === null ? {} : { instructions: row.instructions }),
    ...(row.model === null ? {} : { model: row.model }),
    tools: row.tools,
    runner: row.runner as Runner,
    limits: row.limits as AgentDefinition["limits"],
    ...(row.profile as Partial<AgentDefinition>),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
}

/** A definition with these changes. */
export function changeDefinition(definition: AgentDefinition, changes: DefinitionChanges): AgentDefinition {
  const merged = {
    ...definition,
    ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
  };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null)) as AgentDefinition;
}

/** Whether two definitions say the same, as they are stored. */
export function isSameDefinition(one: AgentDefinition, other: AgentDefinition): boolean {
  const stored = (definition: AgentDefinition): unknown => JSON.parse(JSON.stringify(definition));
  return isDeepStrictEqual(stored(one), stored(other));
}
