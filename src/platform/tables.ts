import type {
  ApiKeysTable,
  AuditLogTable,
  IdempotencyKeysTable,
  ProjectRetentionTable,
  ProjectsTable,
} from "./tables/access-tables.ts";
import type { AgentVersionsTable, AgentsTable, WorkersTable } from "./tables/agent-tables.ts";
import type {
  BudgetAccountsTable,
  BudgetChargesTable,
  BudgetTasksTable,
  ProjectBudgetsTable,
} from "./tables/budget-tables.ts";
import type {
  EventKeysTable,
  EventReplaysTable,
  EventsTable,
  HeldEventsTable,
  ReplaysTable,
} from "./tables/event-tables.ts";
import type {
  AttemptsTable,
  BulkOperationsTable,
  DeliveriesTable,
  EventTypesTable,
  MessagesTable,
  SubscriberErasuresTable,
  SubscriberPositionsTable,
} from "./tables/message-tables.ts";
import type {
  DebouncedEventsTable,
  DebouncesTable,
  EventDecisionsTable,
  EventMissesTable,
  PendingDecisionsTable,
  RateWindowsTable,
  RouteBreakersTable,
  RoutesTable,
  SchedulesTable,
} from "./tables/routing-tables.ts";
import type {
  SourceHealthTable,
  SourceRejectionsTable,
  SourceSecretsTable,
  SourcesTable,
} from "./tables/source-tables.ts";
import type {
  EndpointCredentialsTable,
  EndpointHealthTable,
  EndpointRatesTable,
  EndpointSecretsTable,
  EndpointStatsTable,
  EndpointsTable,
  SubscribersTable,
} from "./tables/subscriber-tables.ts";
import type {
  A2aAnswersTable,
  A2aCallsTable,
  A2aPushConfigsTable,
  A2aTasksTable,
  ArtifactsTable,
  TaskAttemptsTable,
  TaskDependenciesTable,
  TaskEventsTable,
  TaskKeysTable,
  TaskLabelsTable,
  TasksTable,
} from "./tables/task-tables.ts";

// The tables as kysely sees them: the types of migrations/, kept by hand beside them, a file for each stage.
export type * from "./tables/access-tables.ts";
export type * from "./tables/source-tables.ts";
export type * from "./tables/event-tables.ts";
export type * from "./tables/agent-tables.ts";
export type * from "./tables/routing-tables.ts";
export type * from "./tables/task-tables.ts";
export type * from "./tables/budget-tables.ts";
export type * from "./tables/subscriber-tables.ts";
export type * from "./tables/message-tables.ts";

/** A json column: pg parses it on the way out and wants text on the way in. */

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
