import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import type { AgentRecord } from "../agents/agent-cache.ts";
import { findCapableAgents } from "../agents/capable-agents-store.ts";
import { selectAgent } from "../agents/store.ts";
import { announcingRefusal, requireBudget } from "../budgets/require-budget.ts";
import { returnReservations } from "../budgets/return-reservations.ts";
import { ConflictError, InvalidError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import type { TaskOrigin } from "../platform/tables.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { enqueueTasks, type TaskDraft } from "./enqueue-tasks.ts";
import type { Approval } from "./input-request.ts";
import { keysInScope, type RequestedKeys } from "./requested-keys.ts";
import { sessionIdOf } from "./session-id.ts";
import { findTaskRow, selectTaskIds } from "./store.ts";

/** A task asked for by hand or by a program, without an event. */
export interface TaskRequest {
  /** The agent's name or wire id; absent where a capability is asked for. */
  readonly agent?: string;
  /** What the agent has to be able to do: of those that can, the one with least to do gets it. */
  readonly capability?: string;
  readonly input: string;
  readonly parameters?: unknown;
  readonly priority?: number;
  /** Not before this moment. */
  readonly startAfter?: Date;
  readonly keys?: RequestedKeys;
  /** Uuids of tasks that have to complete before it. */
  readonly dependsOn?: readonly string[];
  /** The uuid of the task whose work it is part of. */
  readonly parentTaskId?: string;
  readonly approval?: Approval;
  readonly labels?: readonly string[];
}

/** What a request led to. */
export interface CreatedTask {
  readonly taskId: string;
  /** False: it is the task that has the dedupe key already. */
  readonly isNew: boolean;
}

// As long as the chain that a task remembers.
const maxDepth = 20;

async function requireTasks(tx: Transaction, projectId: string, dependsOn: readonly string[]): Promise<void> {
  const known = new Set(await selectTaskIds(tx, projectId, dependsOn));
  const errors = dependsOn.flatMap((id, index) =>
    known.has(id) ? [] : [{ path: `dependsOn.${index}`, message: "the project has no such task" }],
  );
  if (errors.length > 0) throw new InvalidError("There is no such task to depend on.", errors);
}

// A worker that makes tasks through the API could else feed itself for ever, past every guard of a route.
async function originFrom(tx: Transaction, projectId: string, parentTaskId: string): Promise<TaskOrigin> {
  const refuse = (message: string): never => {
    throw new InvalidError(`The parent task cannot be used: ${message}.`, [{ path: "parentTaskId", message }]);
  };
  const parent = await findTaskRow(tx, projectId, parentTaskId);
  if (parent === undefined) return refuse("the project has no such task");
  const { chain, depth } = parent.origin ?? { chain: [], depth: 0 };
  if (depth >= maxDepth) return refuse(`${maxDepth} tasks led to it, and no more may follow`);
  return { chain: [...chain, toWireId("task", parentTaskId)].slice(-maxDepth), depth: depth + 1 };
}

async function requireTaskAgent(
  ctx: Context & TaskServices,
  tx: Transaction,
  { agent: name, capability }: Pick<TaskRequest, "agent" | "capability">,
): Promise<AgentRecord> {
  const { projectId } = ctx.actor;
  const refuse = (path: string, message: string): never => {
    throw new InvalidError(`The task has no agent: ${path} ${message}.`, [{ path, message }]);
  };
  if (name === undefined && capability === undefined) return refuse("agent", "is required, or a capability");
  if (name !== undefined && capability !== undefined) return refuse("capability", "must not stand beside an agent");
  const id = capability && (await findCapableAgents(tx, [{ projectId, capability }])).pick({ projectId, capability });
  // Locked, so that it cannot be deleted before its task is there to see.
  const found = await selectAgent(tx, projectId, name ?? (id === undefined ? "" : toWireId("agent", id)), "share");
  const agent = found === undefined ? undefined : await ctx.agents.get(tx, found.id);
  if (agent !== undefined) return agent;
  return capability === undefined
    ? refuse("agent", "must be the name of an agent of this project")
    : refuse("capability", "must be one that an agent of this project has");
}

async function draftOf(ctx: Context & TaskServices, tx: Transaction, request: TaskRequest): Promise<TaskDraft> {
  const { projectId } = ctx.actor;
  const agent = await requireTaskAgent(ctx, tx, request);
  const { input, parameters, priority = 0, startAfter, dependsOn, parentTaskId, approval, labels } = request;
  if (dependsOn !== undefined) await requireTasks(tx, projectId, dependsOn);
  const isLater = startAfter !== undefined && startAfter.getTime() > ctx.clock.now();
  const keys = request.keys === undefined ? undefined : keysInScope(agent.id, request.keys);
  const session = request.keys?.session;
  return {
    id: ctx.newId(),
    projectId: agent.projectId,
    agent,
    input,
    parameters,
    priority,
    ...(isLater ? { startAfter } : {}),
    ...(keys === undefined ? {} : { keys }),
    ...(session === undefined ? {} : { sessionId: sessionIdOf(agent.id, session) }),
    ...(dependsOn === undefined ? {} : { dependsOn }),
    ...(approval === undefined ? {} : { approval }),
    ...(labels === undefined ? {} : { labels }),
    ...(parentTaskId === undefined ? {} : { origin: await originFrom(tx, projectId, parentTaskId) }),
  };
}

/**
 * Stores a task and queues it, or has it wait for what its keys and dependencies say. Throws InvalidError (422) naming
 * `agent`, `dependsOn` or `parentTaskId` when the project has no such thing, ConflictError `budget_exceeded` when the agent or
 * the project has used up its budget, and `concurrency_dropped` when its key has no room and says `drop`.
 */
export async function createTask(ctx: Context & TaskServices, request: TaskRequest): Promise<CreatedTask> {
  authorise(ctx.actor, "tasks:create");
  const store = async (tx: Transaction): Promise<CreatedTask> => {
    const draft = await draftOf(ctx, tx, request);
    const counted = { id: draft.id, projectId: draft.projectId, agentId: draft.agent.id };
    await requireBudget(tx, ctx, counted);
    const [enqueued] = await enqueueTasks(tx, ctx, [draft]);
    if (enqueued?.outcome === "dropped")
      throw new ConflictError("concurrency_dropped", "As many tasks with this concurrency key are open as may be.");
    if (enqueued?.outcome === "deduplicated") {
      await returnReservations(tx, ctx, [counted]);
      return { taskId: enqueued.taskId, isNew: false };
    }
    await recordAudit(ctx, tx, { action: "task.create", target: toWireId("task", draft.id) });
    return { taskId: draft.id, isNew: true };
  };
  return await announcingRefusal(ctx, () => ctx.db.transaction(store));
}
