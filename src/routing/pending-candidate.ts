import type { EventSummary, TaskOrigin } from "../platform/tables.ts";
import type { Approval } from "../tasks/input-request.ts";
import type { KeyKind, TaskKeys } from "../tasks/task-keys.ts";
import type { CompiledLimits } from "./compiled-route.ts";

type Rate = NonNullable<CompiledLimits["rate"]>;

/** The limits of a route as they stood when the event came, the key of its rate worked out. */
export interface CandidateLimits extends Omit<CompiledLimits, "rate"> {
  readonly rate?: Omit<Rate, "of"> & { readonly key?: string };
}

/** How an event of a route that collects events is collected: with others of the same key. */
export interface CandidateDebounce {
  readonly key: string;
  readonly quietSeconds: number;
  readonly maxSeconds: number;
}

/** The keys of the task to be. They hold among the tasks of its route. */
export type CandidateKeys = { readonly [Kind in KeyKind]?: Omit<NonNullable<TaskKeys[Kind]>, "scope"> };

/** What an event became on a route, before anything is asked of the database. Stored as it is: no body is read again. */
export interface Candidate {
  readonly event: EventSummary;
  /** ISO 8601, UTC. */
  readonly receivedAt: string;
  readonly task: {
    readonly input: string;
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly priority: number;
    readonly labels?: readonly string[];
  };
  readonly keys?: CandidateKeys;
  /** The key of its session. */
  readonly session?: string;
  /** What led to it, where a task of this hub did. */
  readonly origin?: TaskOrigin;
  /** A uuid. */
  readonly subscriberId?: string;
  /** As the route had it when the event came. */
  readonly approval?: Approval;
  readonly debounce?: CandidateDebounce;
  readonly limits: CandidateLimits;
}

/** A candidate in its route's lane. */
export interface PendingDecision {
  /** Its place in the lane: ascending. */
  readonly seq: string;
  readonly routeId: string;
  readonly eventId: string;
  readonly generation: number;
  readonly projectId: string;
  readonly agentId: string;
  readonly routedAt: Date;
  readonly candidate: Candidate;
}
