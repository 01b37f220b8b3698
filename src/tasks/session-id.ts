import { createHash } from "node:crypto";
import { TypeID } from "typeid-js";

/**
 * The session that the tasks of a route (or of an agent, for those that a call made) with this key continue: the same two
 * always give the same id, so that nothing has to be stored to find it again.
 */
export function sessionIdOf(scope: string, key: string): string {
  const bytes = createHash("sha256").update(`session ${scope} ${key}`).digest().subarray(0, 16);
  // RFC 9562 §5.8: a uuid of one's own making is of version 8.
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  const uuid = [0, 8, 12, 16, 20].map((from, index, ends) => hex.slice(from, ends[index + 1] ?? 32)).join("-");
  return TypeID.fromUUID("ses", uuid).toString();
}
