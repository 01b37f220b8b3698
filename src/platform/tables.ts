import type { ColumnType } from "kysely";

// The tables as kysely sees them: the types of migrations/, kept by hand beside them.

/** A json column: pg parses it on the way out and wants text on the way in. */
type Json<Value = unknown> = ColumnType<Value, string, string>;
type NullableJson<Value = unknown> = ColumnType<Value | null, string | null | undefined, string | null>;
type Defaulted<Value> = ColumnType<Value, Value | undefined, Value>;

export interface ProjectsTable {
  id: string;
  name: string;
  created_at: Date;
}

export interface ApiKeysTable {
  id: string;
  project_id: string;
  name: string;
  role: string;
  hash: Buffer;
  hint: string;
  agents: string[] | null;
  expires_at: Date | null;
  revoked_at: Date | null;
  created_at: Date;
}

export interface AuditLogTable {
  id: string;
  project_id: string;
  actor_kind: string;
  actor_id: string;
  actor_name: string;
  action: string;
  target: string | null;
  detail: NullableJson;
  created_at: Date;
}

export interface IdempotencyKeysTable {
  project_id: string;
  credential: Buffer;
  key: string;
  request_hash: Buffer;
  holder: string;
  locked_until: Date;
  response: Buffer | null;
  created_at: Date;
}

export interface SourcesTable {
  id: string;
  project_id: string;
  name: string;
  provider: string;
  verification: Json;
  response: NullableJson;
  rate_limit_per_second: number | null;
  body_limit_bytes: number | null;
  enabled: boolean;
  intake: Defaulted<"open" | "paused" | "resuming">;
  allowed_ips: string[] | null;
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
}

export interface SourceSecretsTable {
  id: string;
  source_id: string;
  sealed: Buffer;
  expires_at: Date | null;
  created_at: Date;
}

export interface SourceRejectionsTable {
  source_id: string;
  id: string;
  reason: string;
  status: number;
  method: string;
  address: string | null;
  header_names: Json<string[]>;
  body_size: number | null;
  body_sha256: Buffer | null;
  rejected_at: Date;
}

export interface SourceHealthTable {
  source_id: string;
  rejecting_since: Date | null;
  announced_at: Date | null;
}

export interface HeldEventsTable {
  source_id: string;
  event_id: string;
}

export interface EventsTable {
  id: string;
  project_id: string;
  source_id: string;
  provider: string;
  type: string;
  delivery_id: string;
  received_at: Date;
  headers: Json<Record<string, string>>;
  content_type: string | null;
  body: Buffer;
  conflict: Defaulted<boolean>;
}

export interface EventKeysTable {
  hash: Buffer;
  event_id: string;
  body_hash: Buffer;
  expires_at: Date;
}

export interface AgentsTable {
  id: string;
  project_id: string;
  name: string;
  description: string | null;
  team: string | null;
  capabilities: string[];
  instructions: string | null;
  model: string | null;
  tools: string[];
  runner: Json;
  limits: Json;
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
}

export interface RoutesTable {
  id: string;
  project_id: string;
  name: string;
  source_id: string | null;
  provider: string | null;
  match: NullableJson;
  agent_id: string;
  task: Json;
  enabled: boolean;
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
}

/** What a task remembers of its event, so that announcing it need not read the event again. */
export interface EventSummary {
  readonly id: string;
  readonly type: string;
  readonly sourceId: string;
  readonly deliveryId: string;
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
  content: Buffer;
  created_at: Date;
}

export interface SubscribersTable {
  id: string;
  project_id: string;
  name: string;
  external_id: string | null;
  is_default: Defaulted<boolean>;
  created_at: Date;
  deleted_at: Date | null;
}

export interface EndpointsTable {
  id: string;
  project_id: string;
  subscriber_id: string;
  url: string;
  description: string | null;
  event_types: string[] | null;
  headers: Json<Record<string, string>>;
  timeout_seconds: number | null;
  concurrency: number | null;
  retry_schedule_seconds: number[] | null;
  disabled: boolean;
  disabled_reason: string | null;
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
}

export interface EndpointSecretsTable {
  id: string;
  endpoint_id: string;
  sealed: Buffer;
  expires_at: Date | null;
  created_at: Date;
}

export interface MessagesTable {
  id: string;
  project_id: string;
  type: string;
  subscriber_id: string | null;
  task_id: string | null;
  external_id: string | null;
  payload: Buffer;
  created_at: Date;
}

export interface DeliveriesTable {
  id: string;
  project_id: string;
  message_id: string;
  endpoint_id: string;
  state: string;
  attempts: number;
  retries_spent: number;
  last_outcome: string | null;
  last_status: number | null;
  next_attempt_at: Date | null;
  created_at: Date;
  settled_at: Date | null;
}

export interface AttemptsTable {
  id: string;
  delivery_id: string;
  project_id: string;
  number: number;
  outcome: string;
  status: number | null;
  error: string | null;
  duration_ms: number;
  request_headers: Json<Record<string, string>>;
  response_headers: NullableJson<Record<string, string>>;
  response_body: Buffer | null;
  response_truncated: boolean;
  started_at: Date;
}

/** Every table of the hub's own schema. */
export interface Tables {
  projects: ProjectsTable;
  api_keys: ApiKeysTable;
  audit_log: AuditLogTable;
  idempotency_keys: IdempotencyKeysTable;
  sources: SourcesTable;
  source_secrets: SourceSecretsTable;
  source_rejections: SourceRejectionsTable;
  source_health: SourceHealthTable;
  held_events: HeldEventsTable;
  events: EventsTable;
  event_keys: EventKeysTable;
  agents: AgentsTable;
  routes: RoutesTable;
  tasks: TasksTable;
  task_attempts: TaskAttemptsTable;
  task_events: TaskEventsTable;
  artifacts: ArtifactsTable;
  subscribers: SubscribersTable;
  endpoints: EndpointsTable;
  endpoint_secrets: EndpointSecretsTable;
  messages: MessagesTable;
  deliveries: DeliveriesTable;
  attempts: AttemptsTable;
}
