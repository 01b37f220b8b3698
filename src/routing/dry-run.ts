import { setImmediate as breathe } from "node:timers/promises";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { toWireId } from "../lib/ids.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { type AskedTask, askedTask, askGuards, type GuardAnswer } from "./dry-run-holds.ts";
import { type ReadSample, type TriedEvent, triedEvents } from "./dry-run-events.ts";
import { type Judgement, judgeOf } from "./dry-run-judgement.ts";
import type { DryRunRequest } from "./dry-run-request.ts";
import type { DryRun, DryRunResult } from "./dry-run-result.ts";
import { triedRoutes } from "./dry-run-routes.ts";
import { showTask } from "./dry-run-task.ts";
import type { RouteCache } from "./route-cache.ts";

// Of the rendered tasks of one answer: each may have half a megabyte, and there may be as many as there are routes.
const maxTaskCharacters = 4_194_304;
const workMs = 10;

/**
 * Says what a draft, a saved route or all routes would do with a pasted sample, a stored event or the last of them: whether
 * each matches, and if not, what was not met first; the task, rendered; and which guard would hold it. Stores nothing and
 * enqueues nothing, so that it takes no more than to be allowed to read.
 */
export async function dryRun(
  ctx: Context & TaskServices,
  cache: RouteCache,
  readSample: ReadSample,
  request: DryRunRequest,
): Promise<DryRun> {
  authorise(ctx.actor, "routes:read");
  authorise(ctx.actor, "events:read");
  const { routes, isDraft } = await triedRoutes(ctx, cache, request);
  const agents = await ctx.agents.getMany(
    ctx.db,
    routes.map((route) => route.agentId),
  );
  const results: DryRunResult[] = [];
  const asked: (AskedTask & { readonly place: number })[] = [];
  let characters = 0;
  let breathAtMs = performance.now() + workMs;
  for await (const tried of triedEvents(ctx, request, routes, readSample)) {
    const judge = judgeOf(tried.event, ctx.originKeys.all);
    for (const route of routes) {
      // Each is bounded; two hundred events, or a thousand routes that match, in one go would hold up everyone else.
      if (performance.now() > breathAtMs) {
        await breathe();
        breathAtMs = performance.now() + workMs;
      }
      const judgement = judge(route);
      const { prepared, heldBy } = judgement;
      const agent = agents.get(route.agentId)?.name ?? "";
      const task = prepared && showTask(agent, prepared, isDraft ? undefined : route.id);
      if (task !== undefined) characters += JSON.stringify(task).length;
      if (prepared !== undefined && heldBy === undefined)
        asked.push({ ...askedTask(route, prepared), place: results.length });
      results.push({
        ...(isDraft ? {} : { routeId: toWireId("route", route.id) }),
        ...(route.name === "" ? {} : { routeName: route.name }),
        ...placeOf(tried),
        ...shown(judgement),
        ...(task === undefined ? {} : characters <= maxTaskCharacters ? { task } : { taskOmitted: true }),
        ...(prepared?.candidate.debounce === undefined ? {} : { debounced: true }),
      });
    }
  }
  const isBacktest = request.last !== undefined;
  // The newest event stands first, and comes last.
  if (isBacktest) asked.reverse();
  const answers = await askGuards(ctx, asked, isBacktest);
  for (const [index, { place }] of asked.entries()) results[place] = answered(results[place], answers[index]);
  const summary = summaryOf(results);
  return { matched: summary.matched > 0, results, summary };
}

// What could not be made is not shown as if it could.
function answered(result: DryRunResult | undefined, answer: GuardAnswer | undefined): DryRunResult {
  if (result === undefined) throw new Error("a guard was asked about nothing");
  if (answer?.error === undefined) return { ...result, ...answer };
  const { task: _, taskOmitted: __, debounced: ___, ...rest } = result;
  return { ...rest, error: answer.error };
}

function placeOf({ event: { row }, isSample }: TriedEvent): Pick<DryRunResult, "eventId" | "type"> {
  return { ...(isSample ? {} : { eventId: toWireId("event", row.id) }), type: row.type };
}

function shown({
  matched,
  clause,
  error,
  heldBy,
}: Judgement): Pick<DryRunResult, "matched" | "clause" | "error" | "heldBy"> {
  return {
    matched,
    ...(clause === undefined ? {} : { clause }),
    ...(error === undefined ? {} : { error }),
    ...(heldBy === undefined ? {} : { heldBy }),
  };
}

function summaryOf(results: readonly DryRunResult[]): DryRun["summary"] {
  const count = (test: (result: DryRunResult) => boolean): number => results.filter(test).length;
  return {
    considered: results.length,
    matched: count(({ matched }) => matched),
    failed: count(({ error }) => error !== undefined),
    held: count(({ heldBy }) => heldBy !== undefined),
    wouldRun: count(({ matched, error, heldBy }) => matched && error === undefined && heldBy === undefined),
  };
}
