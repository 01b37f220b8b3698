import type { AgentRow } from "../agents/store.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import type { Question } from "../tasks/ask-for-input.ts";
import type { SettleCommit } from "../tasks/complete-task.ts";
import type { Claim } from "../tasks/held-task.ts";
import type { PeerCards } from "./a2a/peer-cards.ts";
import type { LeasedWork } from "../tasks/lease-for-worker.ts";

/** What the hub's own runners need besides its services. */
export interface RunnerServices extends TaskServices {
  readonly settle: SettleCommit;
  /** Where sessions of commands are kept. */
  readonly sessionsDirectory: string;
  readonly peerCards: PeerCards;
}

/**
 * Why a run is broken off:
 * - `canceled`: a person does not want it any more
 * - `budget_exceeded`: it has cost what it may
 * - `lease_lost`: somebody else has the task
 * - `timeout`: the attempt's time is over
 * - `stopping`: this process stops
 */
export type StopReason = "canceled" | "budget_exceeded" | "lease_lost" | "timeout" | "stopping";

/**
 * How a run ended. `pending`: its answer comes later, by a callback. `input_required`: it needs to hear something before it
 * can go on. `stopped`: it was broken off.
 */
export type RunOutcome =
  | {
      readonly kind: "completed";
      readonly result: unknown;
      readonly usage?: object;
      /** Outputs that came with it, unchecked. */
      readonly artifacts?: readonly unknown[];
    }
  | {
      readonly kind: "failed";
      readonly error: { readonly code: string; readonly message: string };
      readonly retryable: boolean;
      readonly retryAfterSeconds?: number;
      readonly usage?: object;
    }
  | { readonly kind: "input_required"; readonly question: Question }
  | { readonly kind: "pending" }
  | { readonly kind: "stopped" };

/** What a runner tells while it works. */
export interface RunReport {
  event(type: string, data?: unknown): void;
  progress(progress: unknown): void;
  /** An output to be stored, as `inlineArtifact` says; anything else is an event that says so. */
  artifact(artifact: unknown): void;
  /** What it has cost so far. */
  usage(usage: object): void;
}

/** One attempt at a task that the hub makes itself. */
export interface TaskRun {
  /** The task, with what comes with it. */
  readonly work: LeasedWork;
  readonly claim: Claim;
  readonly agent: AgentRow;
  readonly report: RunReport;
  /** Aborts, with a StopReason, when the run is to be broken off. */
  readonly signal: AbortSignal;
}

/** A run that failed, in words for whoever looks at the task. */
export function failedRun(code: string, message: string, retryable: boolean): RunOutcome & { readonly kind: "failed" } {
  return { kind: "failed", error: { code, message: message.slice(0, 10_000) }, retryable };
}
