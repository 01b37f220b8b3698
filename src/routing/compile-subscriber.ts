import { fromWireId } from "../lib/ids.ts";
import type { CompileErrors } from "./compile-errors.ts";
import { compileKey } from "./compile-key.ts";
import type { KeyOf } from "./compiled-route.ts";

/** Compiles who hears of a route's tasks: the wire id of a subscriber as it is, else what gives the id or external id. */
export function compileSubscriber(errors: CompileErrors, source: string): KeyOf | undefined {
  if (fromWireId("subscriber", source) !== undefined) return () => ({ ok: true, value: source });
  return compileKey(errors, "subscriberId", source);
}
