import type { Defaulted, Json, NullableJson } from "./column-types.ts";

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
