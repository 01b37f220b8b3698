import type { Executor } from "../platform/database.ts";
import { ReadThroughCache } from "../platform/read-through-cache.ts";
import type { Services } from "../platform/services.ts";
import { type Budget, type Limit, limitsOf } from "./budget.ts";

/** What a budget is for. */
export type ScopeKind = "route" | "agent" | "project";

/** Something that has a budget. */
export interface Scope {
  readonly kind: ScopeKind;
  /** The uuid of the route, agent or project. */
  readonly id: string;
  readonly projectId: string;
  readonly limits: readonly Limit[];
  /** Whether it matters here what tasks cost, or only how many there are. */
  readonly countsUsage: boolean;
}

/** Whose budgets a task is subject to. */
export interface TaskScope {
  readonly projectId: string;
  readonly agentId: string;
  readonly routeId?: string | null | undefined;
}

interface ScopeRow {
  readonly kind: ScopeKind;
  readonly id: string;
  readonly project_id: string;
  readonly limits: Budget | null;
}

// Also those whose budget was taken away while it had something set aside for open tasks: as long as that is so, their tasks
// are charged, so that nothing of it is left should they have a budget again.
const selectScopes = {
  name: "select_budget_scopes",
  text: `SELECT 'project' AS kind, project_id AS id, project_id, limits FROM project_budgets WHERE project_id = ANY ($1)
         UNION ALL
         SELECT 'agent', id, project_id, limits -> 'budget' FROM agents
         WHERE project_id = ANY ($1) AND deleted_at IS NULL AND limits -> 'budget' IS NOT NULL
         UNION ALL
         SELECT 'route', id, project_id, limits -> 'budget' FROM routes
         WHERE project_id = ANY ($1) AND deleted_at IS NULL AND limits -> 'budget' IS NOT NULL
         UNION ALL
         SELECT kind, scope_id, project_id, NULL FROM budget_accounts
         WHERE project_id = ANY ($1)
           AND ((state -> 'reserved' ->> 'tokens')::float8 > 0 OR (state -> 'reserved' ->> 'cost')::float8 > 0)`,
};

type ScopesOfProject = ReadonlyMap<string, Scope>;

async function loadScopes(db: Executor, projectIds: readonly string[]): Promise<Map<string, ScopesOfProject>> {
  const rows = await db.query<ScopeRow>(selectScopes, [projectIds]);
  const projects = new Map<string, Map<string, Scope>>();
  for (const { kind, id, project_id: projectId, limits: budget } of rows) {
    const scopes = projects.get(projectId) ?? new Map<string, Scope>();
    projects.set(projectId, scopes);
    const limits = budget === null ? [] : limitsOf(budget);
    const countsUsage = budget === null || limits.some((limit) => limit.measure !== "tasks");
    const known = scopes.get(id);
    scopes.set(id, {
      kind,
      id,
      projectId,
      limits: known?.limits ?? limits,
      countsUsage: known?.countsUsage || countsUsage,
    });
  }
  return projects;
}

const none: ScopesOfProject = new Map();

/** Who has a budget, in memory: in a project without one, a task costs one look-up here and no statement. */
export class BudgetCache {
  readonly #cache: ReadThroughCache<ScopesOfProject>;
  /** Those whose account is known to be there; accounts stay. */
  readonly accounts = new Set<string>();

  constructor({ clock, signals }: Services) {
    this.#cache = new ReadThroughCache({ clock, signals, topic: "budgets", load: loadScopes, maxEntries: 10_000 });
    // News of routes names their projects.
    signals.on("routes", (keys) => this.#cache.forget(keys));
    // News of agents names agents, and the cache knows projects.
    signals.on("agents", () => this.#cache.forget("all"));
  }

  /** The budgets that a task is subject to. */
  async scopesOf(db: Executor, { projectId, agentId, routeId }: TaskScope): Promise<Scope[]> {
    const scopes = await this.ofProject(db, projectId);
    if (scopes.size === 0) return [];
    return [routeId, agentId, projectId].flatMap((id) => {
      const scope = typeof id === "string" ? scopes.get(id) : undefined;
      return scope === undefined ? [] : [scope];
    });
  }

  /** Whether a task is subject to any budget. */
  async covers(db: Executor, task: TaskScope): Promise<boolean> {
    return (await this.scopesOf(db, task)).some((scope) => scope.limits.length > 0);
  }

  /** All that has a budget in a project, by its uuid. */
  async ofProject(db: Executor, projectId: string): Promise<ScopesOfProject> {
    return (await this.#cache.get(db, projectId)) ?? none;
  }
}
