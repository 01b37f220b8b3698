import type { Defaulted, Json, NullableJson, Optional } from "./column-types.ts";

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

export interface EndpointCredentialsTable {
  endpoint_id: string;
  kind: string;
  version: number;
  sealed: Buffer;
  created_at: Date;
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
