import type { NullableJson } from "./column-types.ts";

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
