import type { Defaulted, Json, NullableJson, Optional } from "./column-types.ts";

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
