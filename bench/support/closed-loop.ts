import type { Answer, HttpConnection } from "./http-connection.ts";

/** What a closed loop of requests saw. */
export interface LoadResult {
  /** Requests answered with a 2xx, warm-up included. */
  readonly acknowledged: number;
  /** How often each other status was answered. */
  readonly refused: ReadonlyMap<number, number>;
  /** Requests answered with a 2xx within the measured time, per second. */
  readonly perSecond: number;
  /** Of those, in no particular order. */
  readonly latenciesMs: readonly number[];
}

/** How long. */
export interface LoadTimes {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/**
 * Each connection sends its next request as soon as it has its last answer, first to warm the program up, then measured;
 * what is under way at the end is waited for and counts as acknowledged.
 */
export async function runClosedLoop(
  connections: readonly HttpConnection[],
  requestOf: (connection: number) => Buffer,
  { warmUpMs, measureMs }: LoadTimes,
): Promise<LoadResult> {
  const refused = new Map<number, number>();
  const latenciesMs: number[] = [];
  let acknowledged = 0;
  const from = performance.now() + warmUpMs;
  const until = from + measureMs;

  const count = ({ status }: Answer, sentAt: number, answeredAt: number): void => {
    if (status < 200 || status > 299) refused.set(status, (refused.get(status) ?? 0) + 1);
    else {
      acknowledged += 1;
      if (answeredAt >= from && answeredAt < until) latenciesMs.push(answeredAt - sentAt);
    }
  };
  const loop = async (connection: HttpConnection, index: number): Promise<void> => {
    for (let sentAt = performance.now(); sentAt < until;) {
      const answer = await connection.send(requestOf(index));
      const answeredAt = performance.now();
      count(answer, sentAt, answeredAt);
      sentAt = answeredAt;
    }
  };
  await Promise.all(connections.map(loop));
  return { acknowledged, refused, perSecond: latenciesMs.length / (measureMs / 1000), latenciesMs };
}
