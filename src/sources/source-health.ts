import { type Announcement, announce } from "../messages/announce.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import type { SourceRecord } from "./source-cache.ts";

/** Rejections of one source in a row, with no event in between. */
interface Streak {
  readonly source: SourceRecord;
  readonly sinceMs: number;
  lastMs: number;
  count: number;
  readonly reasons: Map<string, number>;
}

// What a sender gets with another secret, or with none, than the hub has. Old timestamps and doubled headers say nothing of it.
const tellingReasons: ReadonlySet<string> = new Set([
  "no_live_secret",
  "missing_signature",
  "malformed_signature",
  "unknown_version",
  "signature_mismatch",
]);
const alarmAfter = 5;
// Five stray requests in a month are no failing sender.
const maxGapMs = 3_600_000;
// Whoever knows the URL can bring about an alarm between two events. Not more often than this.
const quietMs = 3_600_000;
const maxEntries = 20_000;

const insertVerified = {
  name: "insert_source_health",
  text: `INSERT INTO source_health AS h (source_id) SELECT id FROM unnest($1::uuid[]) AS i (id) ORDER BY id
         ON CONFLICT (source_id) DO UPDATE SET rejecting_since = NULL WHERE h.rejecting_since IS NOT NULL`,
};

// The condition makes it once for all processes: the row is locked by whoever comes first, and the others find it changed. What
// was announced before the source last verified says nothing of this time, so it begins after that.
const markRejecting = {
  name: "mark_source_rejecting",
  text: `UPDATE source_health AS h
         SET rejecting_since = n.since, announced_at = CASE WHEN n.is_due THEN $3 ELSE h.announced_at END
         FROM (SELECT source_id, since, announced_at IS NULL OR (announced_at < since AND announced_at <= $4) AS is_due
               FROM (SELECT source_id, announced_at,
                            coalesce(rejecting_since, greatest($2, announced_at + interval '1 millisecond')) AS since
                     FROM source_health WHERE source_id = $1 FOR UPDATE) AS s) AS n
         WHERE h.source_id = n.source_id AND (h.rejecting_since IS NULL OR n.is_due)
         RETURNING n.is_due AS announced`,
};

/**
 * Notices when a source that used to verify starts failing, and says so once as `source.rejecting`; again only after it has
 * verified in between. Requests cost a look into memory; what changes is written down later.
 */
export class SourceHealth {
  readonly #services: Services;
  readonly #stopListening: () => void;
  /** Of these the table says that they verify. */
  readonly #known = new Set<string>();
  readonly #verified = new Set<string>();
  readonly #streaks = new Map<string, Streak>();
  readonly #alarms = new Map<string, Streak>();

  constructor(services: Services) {
    this.#services = services;
    // Another process may have found one of them failing: the next event must be written down again.
    this.#stopListening = services.signals.on("sources", (keys) => {
      if (keys === "all") this.#known.clear();
      else for (const key of keys) this.#known.delete(key);
    });
  }

  close(): void {
    this.#stopListening();
  }

  /** An event of this source has been stored. */
  verified({ id }: SourceRecord): void {
    if (this.#streaks.size > 0) this.#streaks.delete(id);
    if (this.#alarms.size > 0) this.#alarms.delete(id);
    if (!this.#known.has(id)) this.#verified.add(id);
  }

  /** A request to this source has been refused. */
  refused(source: SourceRecord, reason: string): void {
    if (!tellingReasons.has(reason)) return;
    const nowMs = this.#services.clock.now();
    let streak = this.#streaks.get(source.id);
    if (streak === undefined || nowMs - streak.lastMs > maxGapMs) {
      const [oldest] = this.#streaks.keys();
      if (this.#streaks.size >= maxEntries && oldest !== undefined) this.#streaks.delete(oldest);
      streak = { source, sinceMs: nowMs, lastMs: nowMs, count: 0, reasons: new Map() };
      this.#streaks.set(source.id, streak);
    }
    streak.lastMs = nowMs;
    streak.count += 1;
    streak.reasons.set(reason, (streak.reasons.get(reason) ?? 0) + 1);
    if (streak.count % alarmAfter === 0) this.#alarms.set(source.id, streak);
  }

  /** Writes down what has changed, and announces. What fails is tried again the next time. */
  async flush(): Promise<void> {
    if (this.#verified.size > 0) {
      await this.#writeVerified([...this.#verified]);
    }
    for (const [id, streak] of this.#alarms) {
      await this.#services.db.transaction((tx) => this.#raise(tx, streak));
      if (this.#alarms.get(id) === streak) this.#alarms.delete(id);
    }
  }

  async #writeVerified(ids: readonly string[]): Promise<void> {
    if (this.#known.size > maxEntries) this.#known.clear();
    // Before it is written: news that one fails, which come meanwhile, must find it here and take it off.
    for (const id of ids) this.#known.add(id);
    this.#verified.clear();
    try {
      await this.#services.db.query(insertVerified, [ids]);
    } catch (error) {
      for (const id of ids) {
        this.#known.delete(id);
        this.#verified.add(id);
      }
      throw error;
    }
  }

  async #raise(tx: Transaction, streak: Streak): Promise<void> {
    const { clock, signals } = this.#services;
    const { source, sinceMs, reasons } = streak;
    const nowMs = clock.now();
    const [marked] = await tx.query<{ announced: boolean }>(markRejecting, [
      source.id,
      new Date(sinceMs),
      new Date(nowMs),
      new Date(nowMs - quietMs),
    ]);
    if (marked === undefined) return;
    if (marked.announced) await announce(tx, this.#services, [announcementOf(source, sinceMs, reasons)]);
    await signals.emit(tx, "sources", [source.id]);
  }
}

function announcementOf(source: SourceRecord, sinceMs: number, reasons: ReadonlyMap<string, number>): Announcement {
  const data = {
    source: {
      id: source.wireId,
      name: source.name,
      provider: source.provider,
      since: new Date(sinceMs).toISOString(),
      reasons: Object.fromEntries(reasons),
    },
  };
  return { projectId: source.projectId, type: "source.rejecting", data };
}
