import { z } from "zod";
import { isAddressRange } from "../lib/address-list.ts";
import { toWireId } from "../lib/ids.ts";
import { displayName, storableText } from "../lib/storable-text.ts";
import { newSourceResponse, type SourceResponse, sourceResponseSchema } from "./source-response.ts";
import type { SourceRow, SourceSecretRow } from "./store.ts";
import { schemeSettings, verificationScheme } from "./verification-scheme.ts";

const webUrl = storableText(2048).refine((text) => /^https?:\/\/\S+$/.test(text) && URL.canParse(text), {
  error: "must be an http or https URL",
});

/** The declarative scheme as one component of the OpenAPI document. */
export const namedVerificationScheme = verificationScheme.meta({ id: "VerificationScheme" });

const settings = schemeSettings.required().shape;

const verification = z
  .strictObject({
    toleranceSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .exactOptional()
      .describe("How far a signed timestamp may be from now. No effect where the provider signs none."),
    url: webUrl.exactOptional().describe("The URL as the provider signs it, when that is not the source's own."),
    split: z
      .boolean()
      .exactOptional()
      .describe("Whether a delivery of several events becomes one for each. Absent: it is one event."),
    scheme: namedVerificationScheme
      .exactOptional()
      .describe("How the sender signs; for the provider custom, and only for it."),
    header: settings.header
      .exactOptional()
      .describe("Where the credential stands, one header or several; for providers whose `settings` have it."),
    deliveryId: settings.deliveryId
      .exactOptional()
      .describe("What tells a repeat, as in a scheme; for providers whose `settings` have it."),
    eventType: settings.eventType
      .exactOptional()
      .describe("What names an event, as in a scheme; for providers whose `settings` have it."),
  })
  .meta({ id: "SourceVerification" });

/** What can be said of a source besides its provider and its secrets. */
export const sourceFields = {
  name: displayName,
  verification,
  response: newSourceResponse.describe("What the sender gets for an event. Absent: 200 with the event's id."),
  enabled: z.boolean(),
  allowedIps: z
    .array(z.string().max(50).refine(isAddressRange, { error: "must be an address or a range such as 192.0.2.0/24" }))
    .min(1)
    .max(100)
    .describe("Addresses and ranges of the sender's clients; others get the 401 of a wrong signature. Absent: all."),
  rateLimitPerSecond: z
    .int()
    .min(1)
    .max(100_000)
    .describe("As an average over ten seconds; over it senders get 429. Absent: the hub's setting."),
  bodyLimitBytes: z
    .int()
    .min(1)
    .max(26_214_400)
    .describe("Over it senders get 413; at most 25 MiB, GitHub's largest payload. Absent: the hub's setting."),
};

export type Verification = z.infer<typeof verification>;

/** A source as the API shows it. */
export const sourceSchema = z
  .object({
    id: z.string(),
    url: z.string().describe("Where the provider sends its webhooks."),
    name: z.string(),
    provider: z.string(),
    verification,
    response: sourceResponseSchema.exactOptional(),
    enabled: z.boolean().describe("A disabled source answers 404."),
    intake: z
      .enum(["open", "paused", "resuming"])
      .describe("Paused: events are stored and held. Resuming: those held are being routed, new ones behind them."),
    allowedIps: z.array(z.string()).exactOptional(),
    rateLimitPerSecond: z.int().exactOptional(),
    bodyLimitBytes: z.int().exactOptional(),
    liveSecrets: z
      .array(z.object({ createdAt: z.iso.datetime(), expiresAt: z.iso.datetime().exactOptional() }))
      .describe("One entry for each secret that verifies now, oldest first. The secrets themselves are never shown."),
    handedOverSecret: z
      .enum(["waiting", "revealed"])
      .exactOptional()
      .describe("The provider handed over a secret that you have to type in there; `…/reveal-secret` shows it once."),
    rejectingSince: z.iso
      .datetime()
      .exactOptional()
      .describe("It verified events before, and turns all away since then, as if the secret were another one."),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: "Source" });

export type Source = z.infer<typeof sourceSchema>;

/** What else the hub knows of a source. */
export interface SourceCircumstances {
  /** Those that verify now, oldest first. */
  readonly secrets: readonly SourceSecretRow[];
  readonly rejectingSince: Date | undefined;
  readonly publicUrl: string;
}

/** The public form of a stored source. */
export function presentSource(row: SourceRow, known: SourceCircumstances): Source {
  const { secrets, rejectingSince, publicUrl } = known;
  const id = toWireId("source", row.id);
  const handedOver = secrets.findLast((secret) => secret.handed_over !== null)?.handed_over ?? null;
  return {
    id,
    url: `${publicUrl}/in/${id}`,
    name: row.name,
    provider: row.provider,
    verification: row.verification as Verification,
    ...(row.response === null ? {} : { response: row.response as SourceResponse }),
    enabled: row.enabled,
    intake: row.intake,
    ...(row.allowed_ips === null ? {} : { allowedIps: row.allowed_ips }),
    ...(row.rate_limit_per_second === null ? {} : { rateLimitPerSecond: row.rate_limit_per_second }),
    ...(row.body_limit_bytes === null ? {} : { bodyLimitBytes: row.body_limit_bytes }),
    liveSecrets: secrets.map((secret) => ({
      createdAt: secret.created_at.toISOString(),
      ...(secret.expires_at === null ? {} : { expiresAt: secret.expires_at.toISOString() }),
    })),
    ...(handedOver === null ? {} : { handedOverSecret: handedOver }),
    ...(rejectingSince === undefined ? {} : { rejectingSince: rejectingSince.toISOString() }),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
