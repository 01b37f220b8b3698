import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { providers } from "./providers/catalogue.ts";
import type { Provider } from "./providers/provider.ts";
import { namedVerificationScheme } from "./source.ts";

const secretFieldSchema = z.object({
  label: z.string(),
  hint: z.string().describe("Where it is found, and how it is written."),
  prefix: z.string().exactOptional().describe("Goes before it in the source's `secrets`, and says what it is for."),
  required: z.boolean(),
});

/** A provider as the API shows it: what a form for a source of it needs. */
export const providerSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    docs: z.string().describe("Where its secret is found, and how it is written."),
    docsUrl: z.string().exactOptional().describe("Its own page on its webhooks."),
    secrets: z.array(secretFieldSchema).describe("What to ask for; each becomes one of the source's `secrets`."),
    setup: z.array(z.string()).describe("What to do at the provider, step by step; {url} stands for the source's URL."),
    settings: z
      .array(z.enum(["header", "deliveryId", "eventType"]))
      .exactOptional()
      .describe("What a source may say of its sender in `verification`."),
    handshake: z.string().exactOptional().describe("What it asks besides sending events, and what it is answered."),
    successStatus: z.int().exactOptional().describe("The one status that it takes for success. Absent: any 2xx."),
    batches: z.boolean().describe("Whether one delivery may hold several events."),
    scheme: namedVerificationScheme
      .exactOptional()
      .describe("How it signs. Absent where `signature` says it, and where the source brings its own."),
    signature: z.string().exactOptional().describe("How it signs, in words, where no scheme can say it."),
  })
  .meta({ id: "Provider" });

export type ProviderView = z.infer<typeof providerSchema>;

/** The catalogue: every provider that a source can name. */
export function listProviders(ctx: Context): ProviderView[] {
  authorise(ctx.actor, "sources:read");
  return [...providers.values()].map(presentProvider);
}

function presentProvider(provider: Provider): ProviderView {
  const { id, name, docsUrl, secretHint, setup, settings, handshake, successStatus, scheme, verifier } = provider;
  const required = provider.handsOverSecret === undefined;
  const secrets = provider.secretFields ?? [{ label: "Secret", hint: secretHint, required }];
  return {
    id,
    name,
    docs: secretHint,
    ...(docsUrl === undefined ? {} : { docsUrl }),
    secrets: [...secrets],
    setup: [...setup],
    ...(settings === undefined ? {} : { settings: [...settings] }),
    ...(handshake === undefined ? {} : { handshake }),
    ...(successStatus === undefined ? {} : { successStatus }),
    batches: (verifier?.event ?? scheme)?.batch !== undefined,
    ...(verifier === undefined ? {} : { signature: verifier.signature }),
    ...(scheme === undefined ? {} : { scheme }),
  };
}
