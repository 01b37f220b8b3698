import type { Executor } from "../platform/database.ts";

/** What a token bucket gave. */
interface TakenTokens {
  readonly granted: number;
  /** When the next token is there, if not all were given; milliseconds from now. */
  readonly waitMs: number;
}

// What a tenth of a second brings may be taken at once: more would let twice the rate through in a first second.
const burstSeconds = 0.1;

// The row is locked while it is read: processes that ask at once are served one after the other. A clock that runs behind
// another process' brings no tokens, and takes none away.
const take = {
  name: "take_endpoint_tokens",
  text: `WITH present AS (
           SELECT endpoint_id, least($3, tokens + $2 * greatest(0, extract(epoch FROM $5::timestamptz - filled_at))) AS available
           FROM endpoint_rates WHERE endpoint_id = $1 FOR UPDATE
         ), given AS (
           SELECT endpoint_id, available, least($4, floor(available)) AS granted FROM present
         )
         UPDATE endpoint_rates r
         SET tokens = given.available - given.granted, filled_at = greatest(r.filled_at, $5)
         FROM given WHERE r.endpoint_id = given.endpoint_id
         RETURNING given.granted::int AS granted, r.tokens`,
};

const fill = {
  name: "fill_endpoint_tokens",
  text: `INSERT INTO endpoint_rates (endpoint_id, tokens, filled_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
};

/**
 * Takes up to `wanted` tokens out of the bucket of an endpoint, which all processes share. A bucket holds what a tenth of a
 * second brings, and one token at least.
 */
export async function takeTokens(
  db: Executor,
  endpointId: string,
  { ratePerSecond, wanted, now }: { readonly ratePerSecond: number; readonly wanted: number; readonly now: Date },
): Promise<TakenTokens> {
  const burst = Math.max(1, ratePerSecond * burstSeconds);
  const values = [endpointId, ratePerSecond, burst, wanted, now];
  let [row] = await db.query<{ granted: number; tokens: number }>(take, values);
  if (row === undefined) {
    await db.query(fill, [endpointId, burst, now]);
    [row] = await db.query<{ granted: number; tokens: number }>(take, values);
  }
  if (row === undefined) throw new Error("a bucket of tokens is gone");
  const { granted, tokens } = row;
  const waitMs = granted >= wanted ? 0 : Math.ceil((Math.max(0, 1 - tokens) / ratePerSecond) * 1000);
  return { granted, waitMs };
}
