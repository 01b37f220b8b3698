import type { ColumnType } from "kysely";

// The tables as kysely sees them: the types of migrations/, kept by hand beside them.

/** A json column: pg parses it on the way out and wants text on the way in. */
type Json<Value = unknown> = ColumnType<Value, string, string>;
type NullableJson<Value = unknown> = ColumnType<Value | null, string | null | undefined, string | null>;
type DefaultedJson<Value = unknown> = ColumnType<Value, string | undefined, string>;
type Defaulted<Value> = ColumnType<Value, Value | undefined, Value>;
type Optional<Value> = ColumnType<Value | null, Value | null | undefined, Value | null>;

export interface ProjectsTable {
  id: string;
  name: string;
  created_at: Date;
}

export interface ProjectRetentionTable {
  project_id: string;
  days: number;
  updated_at: Date;
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
  /** Null: its owner brought it. Else the provider handed it over, and it is, or was, to be shown once. */
  handed_over: "waiting" | "revealed" | null;
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
  erased_at: Optional<Date>;
}

export interface EventKeysTable {
  hash: Buffer;
  event_id: string;
  body_hash: Buffer;
  expires_at: Date;
}

export interface ReplaysTable {
  id: string;
  project_id: string;
  generation: number;
  state: string;
  filter: Json;
  route_id: string | null;
  rate_per_second: number;
  max_events: number;
  total: number;
  total_is_minimum: boolean;
  done: number;
  failed: number;
  tasks: number;
  pending: number;
  last_event_id: string | null;
  due_at: Date;
  error: NullableJson<string>;
  created_at: Date;
  updated_at: Date;
  ended_at: Date | null;
}

export interface EventReplaysTable {
  event_id: string;
  generation: number;
  replay_id: string;
  replayed_at: Date;
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
  profile: DefaultedJson;
  metadata: DefaultedJson;
  version: Defaulted<number>;
  content_hash: Buffer | null;
  runner_secret: Buffer | null;
  secret_version: Defaulted<number>;
  paused_at: Date | null;
  paused_reason: string | null;
  resume_at: Date | null;
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
}

export interface AgentVersionsTable {
  agent_id: string;
  version: number;
  definition: Json;
  content_hash: Buffer | null;
  actor_name: string;
  created_at: Date;
}

export interface WorkersTable {
  project_id: string;
  worker_id: string;
  agents: string[];
  first_seen_at: Date;
  last_seen_at: Date;
}

export interface SchedulesTable {
  id: string;
  project_id: string;
  name: string;
  cron: string;
  timezone: string;
  missed: "skip" | "once";
  agent_id: string;
  task: Json;
  enabled: boolean;
  effective_from: Date;
  last_run_at: Date | null;
  last_task_id: string | null;
  last_error: string | null;
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
  capability: string | null;
  task: Json;
  enabled: boolean;
  when_expression: string | null;
  keys: NullableJson;
  debounce: NullableJson;
  limits: NullableJson;
  actors: NullableJson;
  loops: NullableJson;
  subscriber: string | null;
  approval: NullableJson;
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
}

export interface PendingDecisionsTable {
  seq: ColumnType<string, never, never>;
  route_id: string;
  event_id: string;
  generation: number;
  project_id: string;
  agent_id: string;
  routed_at: Date;
  bytes: number;
  candidate: Json;
}

export interface DebouncesTable {
  route_id: string;
  key_hash: Buffer;
  id: string;
  project_id: string;
  agent_id: string;
  first_at: Date;
  due_at: Date;
  events: number;
  bytes: number;
  latest_seq: string;
  latest: Json;
}

export interface DebouncedEventsTable {
  debounce_id: string;
  seq: string;
  route_id: string;
  event_id: string;
  generation: number;
  type: string;
  delivery_id: string;
  received_at: Date;
  routed_at: Date;
}

export interface EventDecisionsTable {
  event_id: string;
  generation: number;
  route_id: string;
  outcome: string;
  reason: string | null;
  detail: string | null;
  task_id: string | null;
  decided_at: Date;
}

export interface EventMissesTable {
  event_id: string;
  generation: number;
  misses: Json;
  decided_at: Date;
}

/** What a task remembers of its event, so that announcing it need not read the event again. */
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

export interface ProjectBudgetsTable {
  project_id: string;
  limits: Json;
  updated_at: Date;
}

export interface BudgetAccountsTable {
  scope_id: string;
  project_id: string;
  kind: string;
  state: Json;
}

export interface BudgetChargesTable {
  id: ColumnType<string, never, never>;
  scope_id: string;
  project_id: string;
  charged_at: Date;
  tokens: string;
  cost: string;
  released_tokens: string;
  released_cost: string;
  ended_tokens: string | null;
  ended_cost: string | null;
}

export interface BudgetTasksTable {
  task_id: string;
  scope_id: string;
  reserved_tokens: string;
  reserved_cost: string;
  attempt: number;
  tokens: string;
  cost: string;
  past_tokens: string;
  past_cost: string;
}

export interface RateWindowsTable {
  route_id: string;
  key_hash: Buffer;
  ends_at: Date;
  count: number;
}

export interface RouteBreakersTable {
  route_id: string;
  window_ends_at: Date;
  count: number;
  open_until: Date | null;
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
  channels: Optional<string[]>;
  /** The patterns among `event_types`, as LIKE takes them. */
  event_type_patterns: Optional<string[]>;
  filter: NullableJson;
  signing: NullableJson;
  public_key: Optional<string>;
  retry_options: NullableJson;
  rate_limit_per_second: Optional<number>;
  credentials: NullableJson;
  verification: NullableJson;
  disabled_at: Optional<Date>;
}

export interface EndpointSecretsTable {
  id: string;
  endpoint_id: string;
  kind: Defaulted<"hmac" | "ed25519">;
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
  channels: Optional<string[]>;
  /** The transaction that stored it. */
  xid: Defaulted<string>;
  erased_at: Optional<Date>;
}

export interface SubscriberErasuresTable {
  subscriber_id: string;
  project_id: string;
  until_id: string;
  message_xid: string;
  message_id: string;
  messages_done: boolean;
  endpoint_id: string;
  delivery_state: string | null;
  delivery_id: string | null;
}

export interface EndpointCredentialsTable {
  endpoint_id: string;
  kind: string;
  version: number;
  sealed: Buffer;
  created_at: Date;
}

export interface SubscriberPositionsTable {
  subscriber_id: string;
  consumer: string;
  message_id: string;
  updated_at: Date;
}

export interface EventTypesTable {
  project_id: string;
  name: string;
  description: string | null;
  schema: NullableJson;
  example: NullableJson;
  deprecated: boolean;
  created_at: Date;
  updated_at: Date;
}

export interface EndpointStatsTable {
  endpoint_id: string;
  hour: Date;
  outcome: string;
  duration_class: number;
  attempts: number;
}

export interface EndpointHealthTable {
  endpoint_id: string;
  failures: number;
  failing_since: Date | null;
  announced_at: Date | null;
  last_failure: NullableJson;
  breaker_until: Date | null;
  breaker_trips: Defaulted<number>;
}

export interface EndpointRatesTable {
  endpoint_id: string;
  tokens: number;
  filled_at: Date;
}

export interface BulkOperationsTable {
  id: string;
  project_id: string;
  kind: string;
  endpoint_id: string;
  subscriber_id: string | null;
  parameters: Json;
  state: string;
  rate_per_second: number;
  position: string | null;
  total: number;
  done: number;
  skipped: number;
  actor_kind: string;
  actor_id: string;
  actor_name: string;
  created_at: Date;
  due_at: Date;
  finished_at: Date | null;
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
  held: Defaulted<boolean>;
  redriven_at: Optional<Date>;
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
  erased_at: Optional<Date>;
}

/** Every table of the hub's own schema. */
export interface Tables {
  projects: ProjectsTable;
  project_retention: ProjectRetentionTable;
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
  replays: ReplaysTable;
  event_replays: EventReplaysTable;
  agents: AgentsTable;
  agent_versions: AgentVersionsTable;
  workers: WorkersTable;
  routes: RoutesTable;
  schedules: SchedulesTable;
  pending_decisions: PendingDecisionsTable;
  debounces: DebouncesTable;
  debounced_events: DebouncedEventsTable;
  event_decisions: EventDecisionsTable;
  event_misses: EventMissesTable;
  tasks: TasksTable;
  task_labels: TaskLabelsTable;
  task_keys: TaskKeysTable;
  task_dependencies: TaskDependenciesTable;
  task_attempts: TaskAttemptsTable;
  task_events: TaskEventsTable;
  artifacts: ArtifactsTable;
  a2a_tasks: A2aTasksTable;
  a2a_answers: A2aAnswersTable;
  a2a_push_configs: A2aPushConfigsTable;
  a2a_calls: A2aCallsTable;
  project_budgets: ProjectBudgetsTable;
  budget_accounts: BudgetAccountsTable;
  budget_charges: BudgetChargesTable;
  budget_tasks: BudgetTasksTable;
  rate_windows: RateWindowsTable;
  route_breakers: RouteBreakersTable;
  subscribers: SubscribersTable;
  endpoints: EndpointsTable;
  endpoint_secrets: EndpointSecretsTable;
  endpoint_credentials: EndpointCredentialsTable;
  endpoint_stats: EndpointStatsTable;
  endpoint_health: EndpointHealthTable;
  endpoint_rates: EndpointRatesTable;
  subscriber_positions: SubscriberPositionsTable;
  subscriber_erasures: SubscriberErasuresTable;
  event_types: EventTypesTable;
  bulk_operations: BulkOperationsTable;
  messages: MessagesTable;
  deliveries: DeliveriesTable;
  attempts: AttemptsTable;
}
