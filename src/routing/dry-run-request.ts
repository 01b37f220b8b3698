import { z } from "zod";
import { providers } from "../sources/providers/catalogue.ts";
import { ownProvider } from "../lib/own-provider.ts";
import { storableText } from "../lib/storable-text.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { newRoute } from "./create-route.ts";
import { isJsonObject } from "./json-object.ts";

const maxEvents = 200;

/** A route that is not saved, in the form in which it would be; a name is not needed to try it. */
const draftRoute = newRoute.partial({ name: true }).meta({ id: "DraftRoute" });

const sampleEvent = z.strictObject({
  type: storableText(200).min(1).exactOptional(),
  provider: z
    .string()
    .refine((id) => providers.has(id) || id === ownProvider, { error: "must be a provider of the catalogue" })
    .exactOptional(),
  sourceId: wireIdSchema("source").exactOptional(),
  deliveryId: z.string().max(256).exactOptional(),
  headers: z.record(z.string().max(200), z.string().max(20_000)).exactOptional(),
  body: z.unknown(),
});

/** An event that was pasted: its document or parts of it, or nothing but the payload. */
export type SampleEvent = z.infer<typeof sampleEvent> & {
  /** Nothing is known of it but its body. */
  readonly isBare: boolean;
};

// What an event's document has besides, which a sample is given anew.
const ignoredKeys: readonly string[] = ["id", "receivedAt", "source"];
const sampleKeys: readonly string[] = Object.keys(sampleEvent.shape);

// A payload may have a `body` of its own, but hardly beside nothing else than an event has.
function isSample(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    isJsonObject(value) &&
    Object.hasOwn(value, "body") &&
    Object.keys(value).every((key) => sampleKeys.includes(key) || ignoredKeys.includes(key))
  );
}

function sampleOf(value: unknown): unknown {
  if (!isSample(value)) return { body: value };
  const { source } = value;
  const sourceId = isJsonObject(source) && Object.hasOwn(source, "id") ? { sourceId: source["id"] } : {};
  const known = Object.entries(value).filter(([key]) => sampleKeys.includes(key));
  return { ...sourceId, ...Object.fromEntries(known) };
}

const pastedEvent = z
  .unknown()
  .transform((value, ctx): SampleEvent => {
    const parsed = sampleEvent.safeParse(sampleOf(value));
    if (parsed.success) return { ...parsed.data, isBare: !isSample(value) };
    for (const { path, message } of parsed.error.issues) ctx.addIssue({ code: "custom", path, message });
    return z.NEVER;
  })
  .describe(
    "`{type?, provider?, sourceId?, deliveryId?, headers?, body}`, an event's document, or nothing but a payload. What is absent is read from headers and body as the source or provider would, or taken from the route.",
  );

export const dryRunRequest = z
  .strictObject({
    route: draftRoute.exactOptional().describe("A route as it would be saved."),
    routeId: wireIdSchema("route").exactOptional(),
    event: pastedEvent.exactOptional(),
    eventId: wireIdSchema("event").exactOptional(),
    last: z.int().min(1).max(maxEvents).exactOptional().describe("The newest events that are stored."),
    filter: z
      .strictObject({ sourceId: wireIdSchema("source").exactOptional(), type: z.string().max(500).exactOptional() })
      .exactOptional()
      .describe("Of which `last` are taken."),
  })
  .superRefine(({ route, routeId, event, eventId, last, filter }, ctx) => {
    const refuse = (path: string, message: string): void => ctx.addIssue({ code: "custom", path: [path], message });
    if (route !== undefined && routeId !== undefined) refuse("routeId", "must be absent beside route");
    const events = [event, eventId, last].filter((each) => each !== undefined).length;
    if (events !== 1) refuse("event", "or eventId or last must be there, and one of them only");
    if (last !== undefined && route === undefined && routeId === undefined)
      refuse("last", "is for one route: name it by route or routeId");
    if (filter !== undefined && last === undefined) refuse("filter", "is for last");
  })
  .meta({ id: "DryRunRequest" });

export type DryRunRequest = z.infer<typeof dryRunRequest>;
export type DraftRoute = z.infer<typeof draftRoute>;
