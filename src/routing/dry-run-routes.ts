import type { Context } from "../access/context.ts";
import { InvalidError, NotFoundError } from "../lib/errors.ts";
import { requireAgent, requireSource, requireSubscriber, requireValidRule } from "./check-route.ts";
import { compileRoute } from "./compile-route.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import type { DraftRoute, DryRunRequest } from "./dry-run-request.ts";
import type { RouteCache } from "./route-cache.ts";
import { rulesOfRow } from "./route.ts";
import { selectRoute } from "./store.ts";

/** The routes that a dry run asks, in the order in which they decide. A draft has no id on the wire. */
export interface TriedRoutes {
  readonly routes: readonly CompiledRoute[];
  readonly isDraft: boolean;
}

/**
 * The draft, the saved route (a disabled one too), or all that are enabled. Throws InvalidError for a draft that could not be
 * saved, and NotFoundError when the project has no such route.
 */
export async function triedRoutes(
  ctx: Context,
  cache: RouteCache,
  { route, routeId }: DryRunRequest,
): Promise<TriedRoutes> {
  if (route !== undefined) return { routes: [await compileDraft(ctx, route)], isDraft: true };
  const { projectId } = ctx.actor;
  if (routeId === undefined) return { routes: (await cache.get(ctx.db, projectId))?.routes ?? [], isDraft: false };
  const row = await selectRoute(ctx.db, projectId, routeId);
  if (row === undefined) throw new NotFoundError("There is no such route in this project");
  const compiled = compileRoute(rulesOfRow(row));
  if (!compiled.ok) throw new InvalidError("The route does not compile any more: save it anew", compiled.errors);
  const saved: CompiledRoute = {
    id: row.id,
    projectId,
    name: row.name,
    agentId: row.agent_id,
    sourceId: row.source_id ?? undefined,
    provider: row.provider ?? undefined,
    ...compiled.rules,
  };
  return { routes: [saved], isDraft: false };
}

/** Throws as saving it would, each path below `route`. */
async function compileDraft(ctx: Context, draft: DraftRoute): Promise<CompiledRoute> {
  const { projectId } = ctx.actor;
  const id = ctx.newId();
  try {
    requireValidRule(draft);
    const agent = await ctx.db.transaction(async (tx) => {
      if (draft.sourceId !== undefined) await requireSource(tx, projectId, draft.sourceId);
      if (draft.subscriberId !== undefined) await requireSubscriber(tx, projectId, draft.subscriberId);
      return await requireAgent(tx, projectId, draft);
    });
    const compiled = compileRoute(draft);
    if (!compiled.ok) throw new InvalidError("The route is not valid", compiled.errors);
    const { name = "", sourceId, provider } = draft;
    return { id, projectId, name, agentId: agent.id, sourceId, provider, ...compiled.rules };
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error;
    const errors = (error.errors ?? []).map(({ path, message }) => ({ path: `route.${path}`, message }));
    throw new InvalidError(error.message, errors, error.code);
  }
}
