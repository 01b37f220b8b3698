import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { type CompiledFilter, filterCompiler } from "../routing/document-filter.ts";

/** The parts of a filter. */
const filterParts = z
  .strictObject({
    match: jsonObjectSchema
      .exactOptional()
      .describe('A pattern as a route has it, over the message: `{"data": {"amount": [{"numeric": [">", 100]}]}}`.'),
    when: z.string().min(1).max(4096).exactOptional().describe("A CEL expression over `message`."),
  })
  .superRefine((filter, ctx) => {
    const compiled = compileFilter(filter);
    if (!compiled.ok)
      for (const { path, message } of compiled.errors) ctx.addIssue({ code: "custom", path: path.split("."), message });
  });

export type EndpointFilter = z.infer<typeof filterParts>;

// A message has no field `match` or `when`: an object without them is a pattern.
function partsOf(filter: unknown): unknown {
  if (typeof filter === "string") return { when: filter };
  const isPattern =
    typeof filter === "object" &&
    filter !== null &&
    !("match" in filter || "when" in filter) &&
    Object.keys(filter).length > 0;
  return isPattern ? { match: filter } : filter;
}

/** Which messages an endpoint gets, of those whose type it asks for: the parts, or one of them by itself. */
export const endpointFilter = z
  .union([filterParts, z.string(), jsonObjectSchema])
  .transform((filter, ctx): EndpointFilter => {
    const parsed = filterParts.safeParse(partsOf(filter));
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) ctx.addIssue({ code: "custom", path: issue.path, message: issue.message });
    return z.NEVER;
  })
  .describe("`{match?, when?}`, or a pattern or a CEL expression by itself.");

/** A message as filters see it. Without what it does not have. */
export interface MessageDocument {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly data: unknown;
  readonly subscriberId?: string;
  readonly channels?: readonly string[];
}

const compileFilter = filterCompiler("message", {
  id: "string",
  type: "string",
  timestamp: "string",
  data: "dyn",
  subscriberId: "string",
  channels: "list<string>",
} satisfies Record<keyof MessageDocument, string>);

/** A stored message, or one about to be, as filters see it. */
export function documentOfMessage(message: {
  readonly id: string;
  readonly payload: Buffer;
  readonly subscriber_id: string | null;
  readonly channels: readonly string[] | null;
}): MessageDocument {
  const { id, payload, subscriber_id, channels } = message;
  const said = JSON.parse(payload.toString("utf8")) as Pick<MessageDocument, "type" | "timestamp" | "data">;
  return {
    id: toWireId("message", id),
    ...said,
    ...(subscriber_id === null ? {} : { subscriberId: toWireId("subscriber", subscriber_id) }),
    ...(channels === null ? {} : { channels }),
  };
}

const maxKept = 2_000;
const kept = new Map<string, CompiledFilter>();

/** Compiles a filter from its JSON. The last two thousand are kept: a message may be held against each of a thousand. */
function compileStored(json: string): CompiledFilter {
  const known = kept.get(json);
  if (known !== undefined) return known;
  const compiled = compileFilter(JSON.parse(json) as EndpointFilter);
  if (!compiled.ok) return compiled;
  kept.set(json, compiled);
  const [oldest] = kept.keys();
  if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
  return compiled;
}

/** Whether a message fits a stored filter; one that does not compile any more lets nothing through. */
export function fitsEndpointFilter(json: string, message: MessageDocument): boolean {
  const compiled = compileStored(json);
  return compiled.ok && compiled.fits(message);
}
