import type { Executor } from "../platform/database.ts";

/** What names one use of an Idempotency-Key: another project's or credential's same key is another one. */
export interface IdempotencySlot {
  readonly projectId: string;
  readonly credential: Buffer;
  readonly key: string;
}

/** A request that wants to run under a key. */
export interface IdempotencyClaim extends IdempotencySlot {
  readonly requestHash: Buffer;
  /** A uuid of this run's own, so that one which lost its lock changes nothing of the next. */
  readonly holder: string;
  readonly at: Date;
  readonly lockedUntil: Date;
  /** What was made before this is forgotten. */
  readonly forgottenBefore: Date;
}

/** What stands under a key that another request has claimed. */
export interface ClaimedKey {
  readonly request_hash: Buffer;
  /** Sealed; null while that request is under way. */
  readonly response: Buffer | null;
}

// One statement, so that of any number at once exactly one gets the row. Taken over are rows past their time, and those
// whose process died in the middle of this very request.
const claimStatement = {
  name: "idempotency-claim",
  text: `INSERT INTO idempotency_keys AS held
           (project_id, credential, key, request_hash, holder, created_at, locked_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (project_id, credential, key) DO UPDATE SET
           request_hash = excluded.request_hash, holder = excluded.holder, created_at = excluded.created_at,
           locked_until = excluded.locked_until, response = NULL
         WHERE held.created_at < $8
            OR (held.response IS NULL AND held.locked_until < $6 AND held.request_hash = excluded.request_hash)
         RETURNING holder`,
};

const readStatement = {
  name: "idempotency-read",
  text: `SELECT request_hash, response FROM idempotency_keys WHERE project_id = $1 AND credential = $2 AND key = $3`,
};

const held = "project_id = $1 AND credential = $2 AND key = $3 AND holder = $4";
const extendStatement = { text: `UPDATE idempotency_keys SET locked_until = $5 WHERE ${held}` };
const storeStatement = { text: `UPDATE idempotency_keys SET response = $5 WHERE ${held}` };
const releaseStatement = { text: `DELETE FROM idempotency_keys WHERE ${held}` };
const purgeStatement = { text: "DELETE FROM idempotency_keys WHERE created_at < $1" };

function valuesOf({ projectId, credential, key }: IdempotencySlot): unknown[] {
  return [projectId, credential, key];
}

/** Takes the key for this run: "claimed", or what another request has put there. Undefined: it has gone in between. */
export async function claimIdempotencyKey(
  db: Executor,
  claim: IdempotencyClaim,
): Promise<"claimed" | ClaimedKey | undefined> {
  const { requestHash, holder, at, lockedUntil, forgottenBefore } = claim;
  const values = [...valuesOf(claim), requestHash, holder, at, lockedUntil, forgottenBefore];
  if ((await db.query(claimStatement, values)).length > 0) return "claimed";
  const [found] = await db.query<ClaimedKey>(readStatement, valuesOf(claim));
  return found;
}

/** Keeps the lock of a run that takes long. */
export async function extendIdempotencyLock(db: Executor, claim: IdempotencyClaim, until: Date): Promise<void> {
  await db.query(extendStatement, [...valuesOf(claim), claim.holder, until]);
}

/** Keeps the sealed answer for whoever asks again. */
export async function storeIdempotentResponse(db: Executor, claim: IdempotencyClaim, response: Buffer): Promise<void> {
  await db.query(storeStatement, [...valuesOf(claim), claim.holder, response]);
}

/** Gives the key back: nothing has happened under it. */
export async function releaseIdempotencyKey(db: Executor, claim: IdempotencyClaim): Promise<void> {
  await db.query(releaseStatement, [...valuesOf(claim), claim.holder]);
}

/** Forgets what was made before this moment. */
export async function deleteIdempotencyKeys(db: Executor, before: Date): Promise<void> {
  await db.query(purgeStatement, [before]);
}
