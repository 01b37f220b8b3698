import { z } from "zod";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { maxLiveSecrets, sourceSecret } from "./source-secret.ts";
import { sourceFields } from "./source.ts";

const headerText = z.string().max(16_384);

/** A request that somebody wrote down, and what to check it against. */
export const capturedRequest = z
  .strictObject({
    sourceId: wireIdSchema("source")
      .exactOptional()
      .describe("Checks against this source: its settings, its live secrets."),
    provider: z.string().exactOptional().describe("Or against a source that is not made yet: of this provider,"),
    verification: sourceFields.verification.exactOptional().describe("with these settings,"),
    secrets: z
      .array(sourceSecret)
      .max(maxLiveSecrets)
      .exactOptional()
      .describe("and these secrets. Beside `sourceId`: these instead of its own. Neither stored nor logged."),
    method: z.enum(["POST", "GET"]).exactOptional().describe("Absent: POST."),
    url: z
      .string()
      .max(8192)
      .exactOptional()
      .describe("As it was requested: its query counts, and where URLs are signed and there is no source, all of it."),
    headers: z
      .union([
        z.array(z.tuple([z.string().min(1).max(200), headerText])).max(200),
        z.record(z.string().min(1).max(200), headerText),
      ])
      .describe("Pairs of name and value, in which a name may come twice, or an object."),
    body: z.string().exactOptional().describe("As UTF-8; `bodyBase64` instead where bytes count."),
    bodyBase64: z.base64().exactOptional(),
    now: z.iso.datetime().exactOptional().describe("When it came, for timestamps. Absent: now."),
  })
  .meta({ id: "CapturedRequest" });

const reason = z.string().exactOptional();

/** What was looked at, and what came of it. */
export const requestCheckSchema = z
  .object({
    verified: z.boolean(),
    reason: reason.describe("Why not; the same word as in the source's rejections."),
    deliveryId: z.string().exactOptional(),
    eventType: z.string().exactOptional(),
    handshake: z.boolean().exactOptional().describe("Whether it would be answered instead of stored."),
    signature: z.string().exactOptional().describe("How the provider signs, where `methods` cannot say it."),
    signedUrl: z.string().describe("The URL that signatures are checked against, where they are over one."),
    bodySize: z.int().describe("In bytes."),
    headers: z
      .array(z.object({ name: z.string(), times: z.int() }))
      .describe("Those that the scheme reads, and how often each came; any that comes twice is refused."),
    methods: z
      .array(
        z.object({
          algorithm: z.string(),
          readFrom: z.array(z.string()).describe("Where its signatures stand."),
          secrets: z.int().describe("How many of the secrets are for it."),
          reason: reason.describe("Why it does not verify the request. Absent: it does."),
          timestamp: z
            .object({
              text: z.string().exactOptional(),
              skewSeconds: z.int().exactOptional().describe("How far it is ahead of now; negative: behind."),
              toleranceSeconds: z.int(),
              problem: reason,
            })
            .exactOptional(),
          signed: z
            .object({
              size: z.int(),
              sha256: z.string(),
              start: z.string().describe("The first 512 bytes as text."),
              startHex: z.string().describe("The first 64 bytes."),
              end: z.string().describe("The last 64 bytes as text."),
            })
            .exactOptional()
            .describe("The bytes that were compared with: compare them with those that the sender signed."),
          comparisons: z
            .array(z.object({ secret: z.int(), signature: z.int(), matches: z.boolean() }))
            .describe("Each secret with each signature, by their places, from 0; secrets are the oldest first."),
        }),
      )
      .describe("Each way of signing that the scheme knows; one that verifies is enough."),
  })
  .meta({ id: "RequestCheck" });

export type CapturedRequest = z.infer<typeof capturedRequest>;
export type RequestCheck = z.infer<typeof requestCheckSchema>;
