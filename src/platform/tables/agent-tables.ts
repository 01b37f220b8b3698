import type { Defaulted, DefaultedJson, Json } from "./column-types.ts";

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
