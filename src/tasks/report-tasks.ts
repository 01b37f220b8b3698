import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { selectAgentIds } from "./artifact-store.ts";
import { type LabelledTask, selectLabelledTasks, sumArtifactsOf } from "./labelled-task-store.ts";
import { taskStates } from "./task-state.ts";
import { totalUsage, usageOfTask } from "./total-usage.ts";

const quantiles = z.object({ p50: z.number(), p95: z.number(), max: z.number() });

const numbers = {
  total: z.int(),
  states: z.partialRecord(z.enum(taskStates), z.int()).describe("How many are in each state now."),
  successRate: z.number().exactOptional().describe("0 to 1, of those that completed or failed; absent when none did."),
  attempts: z.int(),
  waitSeconds: quantiles.exactOptional().describe("From when a task was due until it was first leased."),
  runSeconds: quantiles.exactOptional().describe("From the last lease of a task to its end."),
  usage: jsonObjectSchema.describe(
    "What workers reported, over all attempts: numbers are added up, all else left out.",
  ),
};

/** What tasks with a label came to. */
export const taskReportSchema = z
  .object({
    label: z.string(),
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    generatedAt: z.iso.datetime(),
    tasks: z.object(numbers),
    agents: z.array(z.object({ agent: z.string(), ...numbers })).describe("The busiest first."),
    artifacts: z.object({
      count: z.int(),
      bytes: z.int(),
      contentTypes: z.array(z.object({ contentType: z.string(), count: z.int(), bytes: z.int() })),
    }),
    isPartial: z.literal(true).exactOptional().describe("There are more tasks than are counted; the newest were."),
  })
  .meta({ id: "TaskReport" });

export type TaskReport = z.infer<typeof taskReportSchema>;

/** What a report is asked about. */
export interface TaskReportRequest {
  readonly label: string;
  /** Tasks created at this moment or later. */
  readonly from: Date;
  /** Tasks created before this moment. */
  readonly to: Date;
  /** A name or wire id; deleted agents count. */
  readonly agent?: string | undefined;
}

const pageSize = 1_000;
const maxTasks = 20_000;

function quantilesOf(values: readonly (number | null)[]): z.infer<typeof quantiles> | undefined {
  const sorted = values.filter((value) => value !== null).toSorted((one, other) => one - other);
  const at = (share: number): number => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return Math.round(Math.max(0, value) * 1000) / 1000;
  };
  return sorted.length === 0 ? undefined : { p50: at(0.5), p95: at(0.95), max: at(1) };
}

function numbersOf(tasks: readonly LabelledTask[]): TaskReport["tasks"] {
  const states: TaskReport["tasks"]["states"] = {};
  for (const { state } of tasks) states[state] = (states[state] ?? 0) + 1;
  const { completed = 0, failed = 0 } = states;
  const waitSeconds = quantilesOf(tasks.map((task) => task.wait_seconds));
  const runSeconds = quantilesOf(tasks.map((task) => task.run_seconds));
  const usage = totalUsage(tasks.map(usageOfTask));
  return {
    total: tasks.length,
    states,
    ...(completed + failed === 0 ? {} : { successRate: completed / (completed + failed) }),
    attempts: tasks.reduce((sum, { attempt }) => sum + attempt, 0),
    ...(waitSeconds === undefined ? {} : { waitSeconds }),
    ...(runSeconds === undefined ? {} : { runSeconds }),
    // A model's name or a session's id says nothing of a thousand tasks.
    usage: Object.fromEntries(Object.entries(usage).filter(([, value]) => typeof value === "number")),
  };
}

/** The real numbers of the tasks with a label, as they stand now; nothing is stored. */
export async function reportTasks(ctx: Context, request: TaskReportRequest): Promise<TaskReport> {
  authorise(ctx.actor, "analytics:read");
  const { label, from, to, agent } = request;
  const { projectId } = ctx.actor;
  const agentIds = agent === undefined ? undefined : await selectAgentIds(ctx.db, projectId, agent);
  const tasks: LabelledTask[] = [];
  const types = new Map<string, { count: number; bytes: number }>();
  let isPartial = false;
  for (;;) {
    const page = await selectLabelledTasks(
      ctx.db,
      { projectId, label, from, to, agentIds },
      tasks.at(-1)?.id,
      pageSize,
    );
    isPartial = page.length > 0 && tasks.length >= maxTasks;
    if (page.length === 0 || isPartial) break;
    tasks.push(...page);
    for (const { content_type, artifacts, bytes } of await sumArtifactsOf(
      ctx.db,
      page.map((task) => task.id),
    )) {
      const sum = types.get(content_type) ?? { count: 0, bytes: 0 };
      types.set(content_type, { count: sum.count + artifacts, bytes: sum.bytes + bytes });
    }
    if (page.length < pageSize) break;
  }
  const contentTypes = [...types]
    .map(([contentType, sum]) => ({ contentType, ...sum }))
    .toSorted((one, other) => other.count - one.count || (one.contentType < other.contentType ? -1 : 1));
  return {
    label,
    from: from.toISOString(),
    to: to.toISOString(),
    generatedAt: new Date(ctx.clock.now()).toISOString(),
    tasks: numbersOf(tasks),
    agents: [...Map.groupBy(tasks, (task) => task.agent_name)]
      .map(([name, ofAgent]) => ({ agent: name, ...numbersOf(ofAgent) }))
      .toSorted((one, other) => other.total - one.total || (one.agent < other.agent ? -1 : 1)),
    artifacts: {
      count: contentTypes.reduce((sum, { count }) => sum + count, 0),
      bytes: contentTypes.reduce((sum, { bytes }) => sum + bytes, 0),
      contentTypes,
    },
    ...(isPartial ? { isPartial } : {}),
  };
}
