import { randomFillSync } from "node:crypto";
import { TypeID } from "typeid-js";
import { v7 } from "uuid";
import type { Clock } from "./clock.ts";

/** The TypeID prefix of each kind of thing (DESIGN, "Words"). On the wire `tsk_…`, in Postgres a plain uuid. */
export const idPrefixes = {
  project: "prj",
  key: "key",
  source: "src",
  event: "evt",
  route: "rte",
  agent: "agt",
  task: "tsk",
  artifact: "art",
  subscriber: "sub",
  endpoint: "end",
  message: "msg",
  delivery: "dlv",
  attempt: "att",
  bulkOperation: "blk",
  schedule: "sch",
  replay: "rpl",
} as const;

/** A kind of thing that has an id on the wire. */
export type IdKind = keyof typeof idPrefixes;

/** Turns a Postgres uuid into its wire form, e.g. `tsk_01h2xcejqtf2nbrexx3vqjhp41`. */
export function toWireId(kind: IdKind, uuid: string): string {
  return TypeID.fromUUID(idPrefixes[kind], uuid).toString();
}

/** The uuid of a wire id of this kind, or undefined when it is not one (wrong prefix, not a TypeID). Never throws. */
export function fromWireId(kind: IdKind, wireId: string): string | undefined {
  try {
    return TypeID.fromString(wireId, idPrefixes[kind]).toUUID();
  } catch {
    return undefined;
  }
}

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text has the form in which Postgres writes a uuid. */
export function isUuid(text: string): boolean {
  return uuidForm.test(text);
}

/** The kind that a wire id names by its prefix, or undefined. */
export function kindOfWireId(wireId: string): IdKind | undefined {
  const prefix = wireId.slice(0, wireId.lastIndexOf("_"));
  for (const [kind, known] of Object.entries(idPrefixes)) if (known === prefix) return kind as IdKind;
  return undefined;
}

// The library asks the system for 256 bytes at a time, which was 5 % of the hub's CPU while it accepts.
const poolBytes = 8192;
const bytesOfId = 16;

function createRandomPool(): () => Uint8Array {
  const pool = new Uint8Array(poolBytes);
  let used = poolBytes;
  return () => {
    if (used === poolBytes) {
      randomFillSync(pool);
      used = 0;
    }
    used += bytesOfId;
    return pool.subarray(used - bytesOfId, used);
  };
}

/** Makes UUIDv7 ids (RFC 9562 §5.7) on the given clock, ascending within one process even inside a millisecond. */
export function createIdGenerator(clock: Clock): () => string {
  let lastMs = 0;
  let sequence = 0;
  const takeRandom = createRandomPool();
  return () => {
    const nowMs = clock.now();
    if (nowMs > lastMs) {
      lastMs = nowMs;
      sequence = Math.floor(Math.random() * 0x4000_0000);
    } else {
      sequence += 1;
    }
    return v7({ msecs: lastMs, seq: sequence, random: takeRandom() });
  };
}

/** The smallest UUIDv7 of a moment: the bound of an id range that starts there. `atMs` is milliseconds since the epoch. */
export function firstIdAt(atMs: number): string {
  const hex = Math.max(0, Math.floor(atMs)).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-0000-0000-000000000000`;
}
