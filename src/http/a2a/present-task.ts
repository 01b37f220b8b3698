import { type Artifact, type Message, type Part, Role, type Task, TaskState, type TaskStatus } from "@a2a-js/sdk";
import type { Task as HubTask, TaskSummary } from "../../tasks/task.ts";
import type { TaskState as HubState } from "../../tasks/task-state.ts";
import type { TaskContext } from "./context-store.ts";

/** A task of the hub, and what a client called it. */
export interface ToldTask {
  readonly task: HubTask;
  readonly context: TaskContext | undefined;
}

const states: Readonly<Record<HubState, TaskState>> = {
  submitted: TaskState.TASK_STATE_SUBMITTED,
  working: TaskState.TASK_STATE_WORKING,
  input_required: TaskState.TASK_STATE_INPUT_REQUIRED,
  auth_required: TaskState.TASK_STATE_AUTH_REQUIRED,
  completed: TaskState.TASK_STATE_COMPLETED,
  failed: TaskState.TASK_STATE_FAILED,
  canceled: TaskState.TASK_STATE_CANCELED,
  rejected: TaskState.TASK_STATE_REJECTED,
};

/** The hub's name of a state; undefined for one that it does not know. */
export function hubStateOf(state: TaskState): HubState | undefined {
  return (Object.keys(states) as HubState[]).find((known) => states[known] === state);
}

function part(content: NonNullable<Part["content"]>, more: Partial<Pick<Part, "filename" | "mediaType">> = {}): Part {
  return { content, metadata: undefined, filename: "", mediaType: "", ...more };
}

function valuePart(value: unknown): Part {
  return typeof value === "string"
    ? part({ $case: "text", value }, { mediaType: "text/plain" })
    : part({ $case: "data", value }, { mediaType: "application/json" });
}

/** The conversation that a task belongs to: what its client called it, else the task's own id. */
export function contextIdOf({ id }: Pick<TaskSummary, "id">, context: TaskContext | undefined): string {
  return context?.contextId ?? id;
}

function agentMessage(told: ToldTask, name: string, parts: Part[]): Message {
  return {
    messageId: `${told.task.id}-${name}`,
    contextId: contextIdOf(told.task, told.context),
    taskId: told.task.id,
    role: Role.ROLE_AGENT,
    parts,
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  };
}

function statusMessage(told: ToldTask): Message | undefined {
  const { task } = told;
  if (task.request !== undefined) {
    const { kind, prompt, schema, askedAt } = task.request;
    const asked = schema === undefined ? [] : [valuePart({ schema })];
    const note = kind === "approval" ? [valuePart("The result waits for a person's approval at the hub.")] : [];
    return agentMessage(told, `asked-${askedAt}`, [valuePart(prompt), ...asked, ...note]);
  }
  if (task.error !== undefined)
    return agentMessage(told, `error-${task.attemptCount}`, [valuePart(`${task.error.code}: ${task.error.message}`)]);
  if (task.state === "working" && task.progress !== undefined)
    return agentMessage(told, `progress-${task.updatedAt}`, [valuePart(task.progress)]);
  return undefined;
}

/** Where a task stands, with what there is to say of it. */
export function presentStatus(told: ToldTask): TaskStatus {
  const { task } = told;
  return { state: states[task.state], message: statusMessage(told), timestamp: task.updatedAt };
}

/** A task's artifacts; its result is one of them, named `result`. Files are told by where they are. */
export function presentArtifacts({ task }: Pick<ToldTask, "task">): Artifact[] {
  const files = task.artifacts.map(({ id, name, title = "", contentType, contentUrl, size, sha256 }) => ({
    artifactId: id,
    name,
    description: title,
    parts: [part({ $case: "url", value: contentUrl }, { filename: name, mediaType: contentType })],
    metadata: { size, sha256 },
    extensions: [],
  }));
  if (task.state !== "completed" || task.result === undefined) return files;
  const result = { artifactId: "result", name: "result", description: "", metadata: undefined, extensions: [] };
  return [...files, { ...result, parts: [valuePart(task.result)] }];
}

function historyOf(told: ToldTask): Message[] {
  const { task, context } = told;
  const parts = [valuePart(task.input), ...(task.parameters === undefined ? [] : [valuePart(task.parameters)])];
  const first = { ...agentMessage(told, "input", parts), role: Role.ROLE_USER };
  const answers = (task.answers ?? []).flatMap(({ prompt, data, askedAt }) => [
    agentMessage(told, `asked-${askedAt}`, [valuePart(prompt)]),
    { ...agentMessage(told, `answer-${askedAt}`, [valuePart(data)]), role: Role.ROLE_USER },
  ]);
  return [context === undefined ? first : { ...first, messageId: context.messageId }, ...answers];
}

function metadataOf(task: TaskSummary): Record<string, unknown> {
  const { agent, reason, usage, attemptCount } = task;
  return { skillId: agent, attemptCount, usage, ...(reason === undefined ? {} : { reason }) };
}

/** A task as A2A shows it, with its last `historyLength` messages: all when undefined. */
export function presentA2aTask(told: ToldTask, historyLength?: number): Task {
  const history = historyOf(told);
  return {
    id: told.task.id,
    contextId: contextIdOf(told.task, told.context),
    status: presentStatus(told),
    artifacts: presentArtifacts(told),
    history: history.slice(Math.max(0, history.length - (historyLength ?? history.length))),
    metadata: metadataOf(told.task),
  };
}

/** A task as lists show it: without what was said, and what came of it. */
export function presentListed(task: TaskSummary, context: TaskContext | undefined): Task {
  return {
    id: task.id,
    contextId: contextIdOf(task, context),
    status: { state: states[task.state], message: undefined, timestamp: task.updatedAt },
    artifacts: [],
    history: [],
    metadata: metadataOf(task),
  };
}
