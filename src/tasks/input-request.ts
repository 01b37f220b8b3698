import { z } from "zod";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";

/** What happens when nobody answers in time. */
export type ExpiryPolicy = "fail" | "approve" | "reject";

/** What a task waits for a person to say. */
export interface InputRequest {
  /** An answer, from which the work goes on; or a yes, with which its result goes out. */
  readonly kind: "input" | "approval";
  readonly prompt: string;
  /** What the answer must look like. */
  readonly schema?: object;
  readonly askedAt: string;
  readonly onExpiry: ExpiryPolicy;
}

/** What a person said to a request. */
export interface InputAnswer {
  readonly prompt: string;
  readonly data: unknown;
  readonly askedAt: string;
  readonly answeredAt: string;
  /** The actor, as it is shown. */
  readonly answeredBy: string;
}

/** When a result needs a person's yes before it is announced. */
export interface Approval {
  /** Only when the task has an artifact with a name like one of these; `*` stands for any characters. */
  readonly artifacts?: readonly string[];
  readonly prompt?: string;
  readonly expiresInSeconds?: number;
  readonly onExpiry?: "approve" | "reject";
}

const maxExpirySeconds = 90 * 86_400;

export const expiresInSeconds = z.int().min(1).max(maxExpirySeconds);

/** How a route or a call says that a result needs a person's yes. */
export const approvalSchema = z
  .strictObject({
    artifacts: z
      .array(z.string().min(1).max(100))
      .min(1)
      .max(20)
      .exactOptional()
      .describe("Only when the task has an artifact with such a name; * stands for any characters."),
    prompt: z.string().min(1).max(2_000).exactOptional().describe("What whoever decides is asked."),
    expiresInSeconds: expiresInSeconds.exactOptional().describe("Absent: it waits for ever."),
    onExpiry: z.enum(["approve", "reject"]).exactOptional().describe("Absent: reject."),
  })
  .describe("The result is held back until a person approves it.");

/** The same as it is given: `true` asks for everything. */
export const approvalInput = z.union([z.literal(true).transform((): Approval => ({})), approvalSchema]);

/** An open request as the API shows it. */
export const inputRequestSchema = z.object({
  kind: z.enum(["input", "approval"]),
  prompt: z.string(),
  schema: jsonObjectSchema.exactOptional().describe("The JSON Schema of the answer's data."),
  askedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().exactOptional(),
  onExpiry: z.enum(["fail", "approve", "reject"]).exactOptional(),
});

/** An answer as the API shows it. */
export const inputAnswerSchema = z.object({
  prompt: z.string(),
  data: z.unknown(),
  askedAt: z.iso.datetime(),
  answeredAt: z.iso.datetime(),
  answeredBy: z.string(),
});

/** The public form of an open request. */
export function presentInputRequest(request: InputRequest, expiresAt: Date | null): z.infer<typeof inputRequestSchema> {
  const { kind, prompt, schema, askedAt, onExpiry } = request;
  return {
    kind,
    prompt,
    ...(schema === undefined ? {} : { schema: schema as z.infer<typeof jsonObjectSchema> }),
    askedAt,
    ...(expiresAt === null ? {} : { expiresAt: expiresAt.toISOString(), onExpiry }),
  };
}
