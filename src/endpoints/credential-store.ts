import type { Selectable } from "kysely";
import type { Executor, Transaction } from "../platform/database.ts";
import type { EndpointCredentialsTable } from "../platform/tables.ts";

/** One sealed credential of an endpoint. */
export type CredentialRow = Selectable<EndpointCredentialsTable>;

/** Puts a credential in the place of the one that is there, under the version that follows it. */
export async function upsertCredential(
  tx: Transaction,
  { endpointId, kind, now }: { readonly endpointId: string; readonly kind: string; readonly now: Date },
  seal: (version: number) => Buffer,
): Promise<void> {
  const present = await tx.kysely
    .selectFrom("endpoint_credentials")
    .select("version")
    .where("endpoint_id", "=", endpointId)
    .where("kind", "=", kind)
    .executeTakeFirst();
  const version = (present?.version ?? 0) + 1;
  const values = { version, sealed: seal(version), created_at: now };
  await tx.kysely
    .insertInto("endpoint_credentials")
    .values({ endpoint_id: endpointId, kind, ...values })
    .onConflict((conflict) => conflict.columns(["endpoint_id", "kind"]).doUpdateSet(values))
    .execute();
}

/** Forgets a credential. */
export async function deleteCredential(tx: Transaction, endpointId: string, kind: string): Promise<void> {
  await tx.kysely
    .deleteFrom("endpoint_credentials")
    .where("endpoint_id", "=", endpointId)
    .where("kind", "=", kind)
    .execute();
}

/** All credentials of these endpoints. */
export async function selectCredentials(db: Executor, endpointIds: readonly string[]): Promise<CredentialRow[]> {
  if (endpointIds.length === 0) return [];
  return await db.kysely
    .selectFrom("endpoint_credentials")
    .selectAll()
    .where("endpoint_id", "in", [...endpointIds])
    .execute();
}
