import { hash } from "node:crypto";
import type { CandidateDebounce, PendingDecision } from "./pending-candidate.ts";

/** How far a debounce has come. Times are milliseconds since the epoch. */
export interface DebounceSpan {
  readonly firstMs: number;
  readonly dueMs: number;
  readonly events: number;
}

/** A debounce under way. */
export interface OpenDebounce extends DebounceSpan {
  readonly id: string;
  /** Of its key, in hex. */
  readonly keyHash: string;
}

/** A debounce that has just taken in events. */
export interface GrownDebounce extends OpenDebounce {
  readonly latest: PendingDecision;
  readonly added: readonly PendingDecision[];
}

// A list of this length is nobody's to read, and what ends a debounce is done at once: it is as if its maximum wait had passed.
const maxEvents = 20_000;

/** What tells the debounces of a route apart. A key may have any length and any characters. */
export function debounceKeyHash({ key }: CandidateDebounce): string {
  return hash("sha256", key);
}

// Measured by when the events came, not by when they are decided: a hub that was down for an hour collects the same.
function extend(span: DebounceSpan | undefined, atMs: number, debounce: CandidateDebounce): DebounceSpan {
  const { firstMs = atMs, dueMs = atMs, events = 0 } = span ?? {};
  if (events + 1 >= maxEvents) return { firstMs, dueMs: Math.min(dueMs, atMs), events: events + 1 };
  const quietMs = Math.max(dueMs, atMs + debounce.quietSeconds * 1000);
  return { firstMs, dueMs: Math.min(quietMs, firstMs + debounce.maxSeconds * 1000), events: events + 1 };
}

/**
 * How many of these candidates, from the first on, can be collected before a debounce has to end because its time was over
 * when the next event of its key came.
 */
export function countInTime(open: ReadonlyMap<string, DebounceSpan>, rows: readonly PendingDecision[]): number {
  const spans = new Map<string, DebounceSpan>();
  const late = rows.findIndex(({ candidate: { debounce }, routedAt }) => {
    if (debounce === undefined) return false;
    const keyHash = debounceKeyHash(debounce);
    const span = spans.get(keyHash) ?? open.get(keyHash);
    if (span !== undefined && span.dueMs <= routedAt.getTime()) return true;
    spans.set(keyHash, extend(span, routedAt.getTime(), debounce));
    return false;
  });
  return late === -1 ? rows.length : late;
}

/** Adds candidates to the debounces of their keys, and opens those that are missing. Answers with those that changed. */
export function foldIntoDebounces(
  open: ReadonlyMap<string, OpenDebounce>,
  rows: readonly PendingDecision[],
  newId: () => string,
): GrownDebounce[] {
  const grown = new Map<string, GrownDebounce & { readonly added: PendingDecision[] }>();
  for (const row of rows) {
    const { debounce } = row.candidate;
    if (debounce === undefined) continue;
    const keyHash = debounceKeyHash(debounce);
    const known = grown.get(keyHash);
    const before = known ?? open.get(keyHash);
    const span = extend(before, row.routedAt.getTime(), debounce);
    const added = known?.added ?? [];
    added.push(row);
    grown.set(keyHash, { ...span, id: before?.id ?? newId(), keyHash, latest: row, added });
  }
  return [...grown.values()];
}
