import type { Executor } from "../platform/database.ts";

/** A capability that is asked for in a project. */
export interface WantedCapability {
  readonly projectId: string;
  readonly capability: string;
}

interface CapableRow {
  readonly project_id: string;
  readonly capability: string;
  readonly id: string;
  readonly is_paused: boolean;
  readonly busy: number;
}

// Who has more waiting is busy enough: a backlog of a million must not cost a million.
const maxCounted = 1_000;

const selectCapable = {
  name: "select_capable_agents",
  text: `SELECT i.project_id, i.capability, a.id, a.paused_at IS NOT NULL AS is_paused, (
           SELECT count(*)::int FROM (
             SELECT 1 FROM tasks t WHERE t.agent_id = a.id AND t.state IN ('submitted', 'working') LIMIT ${maxCounted}
           ) capped) AS busy
         FROM unnest($1::uuid[], $2::text[]) AS i (project_id, capability)
         JOIN agents a ON a.project_id = i.project_id AND i.capability = ANY (a.capabilities) AND a.deleted_at IS NULL
         ORDER BY a.id`,
};

function keyOf({ projectId, capability }: WantedCapability): string {
  return `${projectId}/${capability}`;
}

/** The agents that can do something, and how much each has to do: who asks for several gets them in turn. */
export class CapableAgents {
  readonly #byWant = new Map<string, { readonly id: string; readonly isPaused: boolean; busy: number }[]>();

  constructor(rows: readonly CapableRow[]) {
    for (const { project_id: projectId, capability, id, is_paused: isPaused, busy } of rows) {
      const key = keyOf({ projectId, capability });
      const agents = this.#byWant.get(key) ?? [];
      agents.push({ id, isPaused, busy });
      this.#byWant.set(key, agents);
    }
  }

  /** The uuid of the one with least to do, of the paused ones only when all are; undefined when nobody can do it. */
  pick(wanted: WantedCapability): string | undefined {
    const agents = this.#byWant.get(keyOf(wanted)) ?? [];
    const awake = agents.filter(({ isPaused }) => !isPaused);
    const [least] = (awake.length > 0 ? awake : agents).toSorted((one, other) => one.busy - other.busy);
    if (least === undefined) return undefined;
    least.busy += 1;
    return least.id;
  }
}

/** Looks up who can do what is wanted. */
export async function findCapableAgents(db: Executor, wanted: readonly WantedCapability[]): Promise<CapableAgents> {
  if (wanted.length === 0) return new CapableAgents([]);
  const unique = [...new Map(wanted.map((each) => [keyOf(each), each])).values()];
  const rows = await db.query<CapableRow>(selectCapable, [
    unique.map(({ projectId }) => projectId),
    unique.map(({ capability }) => capability),
  ]);
  return new CapableAgents(rows);
}
