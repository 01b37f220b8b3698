import { z } from "zod";
import { endpointHeaders } from "../endpoints/endpoint-headers.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { storableText } from "../lib/storable-text.ts";

/** The agent endpoints that the `http` runner knows the manners of; `signed` is the hub's own. */
const httpPresets = ["signed", "openclaw", "github-dispatch", "claude-routine", "cursor"] as const;

const pullRunner = z.strictObject({ type: z.literal("pull") });

const processRunner = z.strictObject({
  type: z.literal("process"),
  command: storableText(100)
    .min(1)
    .describe("A name under `runners.process.commands` in the hub's settings: what runs is never said here."),
});

const outboundUrl = storableText(2048).refine((url) => !/[\s\p{Cc}]/u.test(url), {
  error: "must not contain white space",
});

const httpRunner = z.strictObject({
  type: z.literal("http"),
  url: outboundUrl,
  preset: z.enum(httpPresets).exactOptional().describe("Whose manners to keep. Absent: `signed`, the hub's own."),
  completion: z
    .enum(["answer", "callback"])
    .exactOptional()
    .describe(
      "What ends the task: the answer to the call, or a call to its `callbackUrl`. Absent: a 202 to a signed call waits for " +
        "the callback; other presets have their own habit.",
    ),
  headers: endpointHeaders.exactOptional().describe("Sent with every call; stored and shown in clear."),
  body: jsonObjectSchema.exactOptional().describe("Fields added to the body, over those of the same name."),
  timeoutSeconds: z.int().min(1).max(3_600).exactOptional().describe("For one call. Absent: 300."),
});

const a2aRunner = z.strictObject({
  type: z.literal("a2a"),
  url: outboundUrl.describe(
    "Where the agent's card is, or the address below which it is (`/.well-known/agent-card.json`).",
  ),
  skill: storableText(200)
    .min(1)
    .exactOptional()
    .describe("Told as `skillId` in the message's metadata: which agent of a hub."),
  headers: endpointHeaders
    .exactOptional()
    .describe("Sent with every call to the URL's origin; stored and shown in clear."),
});

const unknownType = { error: "must have the type pull, process, http or a2a" };

/** How an agent is reached, without its secret. */
export const runnerSchema = z.discriminatedUnion(
  "type",
  [pullRunner, processRunner, httpRunner, a2aRunner],
  unknownType,
);

const runnerSecret = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[\x21-\x7e]+$/, { error: "must be printable ASCII without blanks" })
  .describe(
    "Signs the calls (`whsec_` and base64, or any text), or is the token of a preset or an A2A peer. Kept sealed, never shown. Absent: the " +
      "hub makes one for signed calls and shows it once.",
  );

/** How an agent is reached, as it is given. */
export const runnerInput = z.discriminatedUnion(
  "type",
  [
    pullRunner,
    processRunner,
    httpRunner.extend({ secret: runnerSecret.exactOptional() }),
    a2aRunner.extend({ secret: runnerSecret.exactOptional() }),
  ],
  unknownType,
);

/** How an agent is reached. */
export type Runner = z.infer<typeof runnerSchema>;
export type RunnerInput = z.infer<typeof runnerInput>;
export type HttpRunner = z.infer<typeof httpRunner>;
export type A2aRunner = z.infer<typeof a2aRunner>;
