import type { ColumnType } from "kysely";
import type { Defaulted, Json, NullableJson, Optional } from "./column-types.ts";

export interface EventSummary {
  readonly id: string;
  readonly type: string;
  readonly sourceId: string;
  readonly deliveryId: string;
  /** Of the replay that made the task; absent when the event itself did. */
  readonly generation?: number;
}
/** Which tasks led to a task, by their wire ids, oldest first (the last twenty), and how many there were. */

export interface TaskOrigin {
  readonly chain: readonly string[];
  readonly depth: number;
}
/** One of the events that became one task. */

export interface CoalescedEvent {
  readonly id: string;
  readonly type: string;
  readonly deliveryId: string;
  /** ISO 8601, UTC. */
  readonly receivedAt: string;
}
/** The events that became one task: how many, and the last of them, in the order in which they came. */

export interface CoalescedEvents {
  readonly count: number;
  readonly events: readonly CoalescedEvent[];
}

export interface TasksTable {
  id: string;
  project_id: string;
  agent_id: string;
  route_id: string | null;
  event_id: string | null;
  state: string;
  reason: string | null;
  input: Json<string>;
  parameters: NullableJson;
  priority: number;
  event: NullableJson<EventSummary>;
  attempt: number;
  attempts_charged: number;
  max_attempts: number;
  lease_hash: Buffer | null;
  lease_worker: string | null;
  lease_expires_at: Date | null;
  lease_seconds: number | null;
  deadline_at: Date | null;
  start_after: Date | null;
  progress: NullableJson;
  usage: NullableJson;
  result: NullableJson;
  error: NullableJson;
  created_at: Date;
  updated_at: Date;
  settled_at: Date | null;
  keys: NullableJson;
  session_id: Optional<string>;
  origin: NullableJson<TaskOrigin>;
  coalesced: NullableJson<CoalescedEvents>;
  subscriber_id: Optional<string>;
  depends_on: Optional<string[]>;
  awaited: Optional<boolean>;
  request: NullableJson;
  request_expires_at: Optional<Date>;
  answers: NullableJson;
  approval: NullableJson;
  past_usages: Optional<unknown[]>;
  labels: Optional<string[]>;
  erased_at: Optional<Date>;
}

export interface TaskLabelsTable {
  project_id: string;
  label: string;
  task_id: string;
}

export interface TaskKeysTable {
  task_id: string;
  kind: string;
  hash: Buffer;
  seq: ColumnType<string, never, never>;
  standing: string;
  capacity: number | null;
  expires_at: Date | null;
  superseded: Defaulted<boolean>;
}

export interface TaskDependenciesTable {
  task_id: string;
  dependency_id: string;
  failed: Defaulted<boolean>;
}

export interface TaskAttemptsTable {
  task_id: string;
  attempt: number;
  worker_id: string;
  actor_id: string;
  started_at: Date;
  ended_at: Date | null;
  outcome: string | null;
  error: NullableJson;
  usage: NullableJson;
}

export interface TaskEventsTable {
  task_id: string;
  attempt: number;
  seq: string;
  type: string;
  data: NullableJson;
  created_at: Date;
}

export interface ArtifactsTable {
  id: string;
  project_id: string;
  task_id: string;
  name: string;
  content_type: string;
  size: number;
  sha256: Buffer;
  /** Null: it lies on disk. */
  content: Buffer | null;
  created_at: Date;
  agent_id: string;
  title: string | null;
  path: string | null;
  metadata: NullableJson<Record<string, unknown>>;
  report: NullableJson;
  updated_at: Date;
}

export interface A2aTasksTable {
  task_id: string;
  project_id: string;
  context_id: string;
  message_id: string;
}

export interface A2aAnswersTable {
  task_id: string;
  message_id: string;
}

export interface A2aPushConfigsTable {
  task_id: string;
  id: string;
  project_id: string;
  url: string;
  sealed: Buffer | null;
  version: string;
  told: string | null;
  due_at: Date;
  failures: Defaulted<number>;
  last_error: string | null;
  ended: Defaulted<boolean>;
  created_at: Date;
}

export interface A2aCallsTable {
  task_id: string;
  agent_id: string;
  attempt: number;
  peer_task_id: string | null;
  context_id: string | null;
  answers_told: Defaulted<number>;
  push_hash: Buffer | null;
  created_at: Date;
}
