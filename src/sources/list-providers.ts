import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { providers } from "./providers/catalogue.ts";
import { namedVerificationScheme } from "./source.ts";

/** A provider as the API shows it. */
export const providerSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scheme: namedVerificationScheme.exactOptional().describe("How it signs. Absent: the source brings its own."),
    handshake: z.string().exactOptional().describe("What it asks besides sending events, and what it is answered."),
    docs: z.string().describe("Where its secret is found, and how it is written."),
  })
  .meta({ id: "Provider" });

export type ProviderView = z.infer<typeof providerSchema>;

/** The catalogue: every provider that a source can name. */
export function listProviders(ctx: Context): ProviderView[] {
  authorise(ctx.actor, "sources:read");
  return [...providers.values()].map(({ id, name, scheme, handshake, secretHint }) => ({
    id,
    name,
    ...(scheme === undefined ? {} : { scheme }),
    ...(handshake === undefined ? {} : { handshake }),
    docs: secretHint,
  }));
}
