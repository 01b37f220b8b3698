import type { AgentRecord } from "../agents/agent-cache.ts";
import type { CoalescedEvents } from "../platform/tables.ts";
import type { TaskDraft } from "../tasks/enqueue-tasks.ts";
import { sessionIdOf } from "../tasks/session-id.ts";
import type { TaskKeys } from "../tasks/task-keys.ts";
import type { Candidate, CandidateKeys } from "./pending-candidate.ts";

/** A candidate that is to become a task, and of whom. */
export interface DraftSource {
  readonly projectId: string;
  readonly routeId: string;
  readonly agent: AgentRecord;
  readonly candidate: Candidate;
  /** The events that it stands for. */
  readonly coalesced?: CoalescedEvents;
}

/** The task, with this uuid, that a candidate becomes. Its keys are those of its route: no other's tasks share them. */
export function draftTask(id: string, source: DraftSource): TaskDraft {
  const { projectId, routeId, agent, candidate, coalesced } = source;
  const { event, task, keys, session, origin, subscriberId, approval } = candidate;
  return {
    id,
    projectId,
    agent,
    routeId,
    event,
    input: task.input,
    parameters: task.parameters,
    priority: task.priority,
    ...(task.labels === undefined ? {} : { labels: task.labels }),
    ...(keys === undefined ? {} : { keys: scopedKeys(routeId, keys) }),
    ...(session === undefined ? {} : { sessionId: sessionIdOf(routeId, session) }),
    ...(origin === undefined ? {} : { origin }),
    ...(subscriberId === undefined ? {} : { subscriberId }),
    ...(approval === undefined ? {} : { approval }),
    ...(coalesced === undefined ? {} : { coalesced }),
  };
}

/** The keys of a candidate, as those of its route. */
export function scopedKeys(scope: string, { dedupe, concurrency, order }: CandidateKeys): TaskKeys {
  return {
    ...(dedupe === undefined ? {} : { dedupe: { scope, ...dedupe } }),
    ...(concurrency === undefined ? {} : { concurrency: { scope, ...concurrency } }),
    ...(order === undefined ? {} : { order: { scope, ...order } }),
  };
}
