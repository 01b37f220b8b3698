import type { ColumnType } from "kysely";
import type { Json, NullableJson } from "./column-types.ts";

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
