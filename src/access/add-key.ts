import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import type { AgentScope } from "./actor.ts";
import { generateApiKey } from "./api-key.ts";
import { recordAudit } from "./audit.ts";
import type { Context } from "./context.ts";
import type { Role } from "./roles.ts";
import { type ApiKeyRow, insertApiKey } from "./store.ts";

/** What a key to be made can do, and until when. */
interface KeyRequest {
  readonly name: string;
  readonly role: Role;
  readonly agents: AgentScope;
  readonly expiresAt?: Date | undefined;
}

/** Makes a key of the actor's project and its audit row. Whether the actor may is the caller's to ask. */
export async function addKey(
  ctx: Context,
  tx: Transaction,
  { name, role, agents, expiresAt }: KeyRequest,
): Promise<{ readonly row: ApiKeyRow; readonly key: string }> {
  const { key, hash, hint } = generateApiKey();
  const row: ApiKeyRow = {
    id: ctx.newId(),
    project_id: ctx.actor.projectId,
    name,
    role,
    hash,
    hint,
    agents: agents === "all" ? null : [...agents],
    expires_at: expiresAt ?? null,
    revoked_at: null,
    created_at: new Date(ctx.clock.now()),
  };
  await insertApiKey(tx, row);
  const detail = { name, role, agents, expiresAt: expiresAt?.toISOString() };
  await recordAudit(ctx, tx, { action: "key.create", target: toWireId("key", row.id), detail });
  return { row, key };
}
