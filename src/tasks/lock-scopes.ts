import type { Transaction } from "../platform/database.ts";

// Advisory, so that nothing need be stored for a scope; few, since a scope is a route or an agent: each takes a place in
// Postgres' lock table, which has some thousands for all. In the order of their names: no two transactions cross.
const lockScopesStatement = {
  name: "lock_key_scopes",
  text: `SELECT pg_advisory_xact_lock(hashtextextended('hookyard keys ' || i.scope, 0)) FROM unnest($1::text[]) AS i (scope)`,
};

/**
 * Keeps everyone else from the lines of these scopes until the transaction ends. Called once in a transaction, after the
 * rows of tasks are locked and before jobs are written (docs/decisions, 16). Statements after it see all that was committed
 * under these locks.
 */
export async function lockScopes(tx: Transaction, scopes: Iterable<string>): Promise<void> {
  const unique = [...new Set(scopes)].toSorted();
  if (unique.length > 0) await tx.query(lockScopesStatement, [unique]);
}
