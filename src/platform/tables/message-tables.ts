import type { Defaulted, Json, NullableJson, Optional } from "./column-types.ts";

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
