import type { Budget } from "../budgets/budget.ts";
import type { Approval } from "../tasks/input-request.ts";
import type { EventDocument } from "./event-document.ts";
import type { RenderedTask } from "./task-template.ts";

/** Whether a route takes an event. Where it does not: the clause that failed first, and why when it could not be evaluated. */
export type RouteVerdict =
  | { readonly matched: true }
  | {
      readonly matched: false;
      /** The place in the route, such as `match.body.action` or `when`. */
      readonly clause: string;
      readonly error?: string;
    };

/** The key that an event has; never throws. Without a value, or with one that is no key, there is a message. */
export type KeyOf = (
  document: EventDocument,
) => { readonly ok: true; readonly value: string } | { readonly ok: false; readonly message: string };

/** The keys of a route, with their defaults filled in. */
export interface CompiledKeys {
  readonly dedupe?: { readonly of: KeyOf; /** Absent: while the task is open. */ readonly windowSeconds?: number };
  readonly concurrency?: { readonly of: KeyOf; readonly limit: number; readonly policy: "queue" | "drop" | "cancel" };
  readonly order?: { readonly of: KeyOf; readonly onFailure: "continue" | "block" };
  readonly session?: { readonly of: KeyOf };
}

/** The limits of a route, with their defaults filled in. */
export interface CompiledLimits {
  readonly rate?: { readonly count: number; readonly perSeconds: number; readonly of?: KeyOf };
  readonly budget?: Budget;
  readonly breaker?: { readonly tasks: number; readonly perSeconds: number; readonly cooldownSeconds: number };
}

/** Whose events a route takes: patterns in which * stands for any characters. */
export interface CompiledActors {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  /** Absent: where the event's provider says it. */
  readonly of?: KeyOf;
}

/** What a route says, ready to be asked about events. */
export interface CompiledRules {
  /** The only event types that can match; undefined: any. */
  readonly types: ReadonlySet<string> | undefined;
  /** `match`, then `when`. Pure and never throws. */
  readonly evaluate: (document: EventDocument) => RouteVerdict;
  /** Pure and never throws. */
  readonly render: (document: EventDocument) => RenderedTask;
  readonly keys: CompiledKeys;
  readonly debounce?: { readonly of?: KeyOf; readonly quietSeconds: number; readonly maxSeconds: number };
  readonly limits: CompiledLimits;
  readonly actors?: CompiledActors;
  readonly loops: { readonly allowMarked: boolean; readonly maxDepth: number };
  /** The wire id or external id of the subscriber that gets the messages of its tasks. */
  readonly subscriber?: KeyOf;
  /** The results of its tasks need a person's yes. */
  readonly approval?: Approval;
  /**
   * Whether the database has to be asked before there is a task: for keys.dedupe, concurrency and order, debounce, limits.
   * Session, actors, loops and the subscriber follow from the event alone.
   */
  readonly isGuarded: boolean;
}

/** A route ready to decide. */
export interface CompiledRoute extends CompiledRules {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  /** Of a route with a capability: whoever had it when it was saved. */
  readonly agentId: string;
  readonly capability?: string;
  readonly sourceId: string | undefined;
  readonly provider: string | undefined;
}
