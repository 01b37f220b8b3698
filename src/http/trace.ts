import { z } from "zod";
import { fromWireId, kindOfWireId } from "../lib/ids.ts";
import { tracedKinds, traceOf } from "../trace/trace-of.ts";
import { type Operation, operation } from "./operation.ts";
import { presentTrace, traceSchema } from "./trace-view.ts";

const target = z
  .string()
  .max(100)
  .transform((text, ctx) => {
    const named = kindOfWireId(text);
    const kind = tracedKinds.find((traced) => traced === named);
    const id = kind === undefined ? undefined : fromWireId(kind, text);
    if (kind !== undefined && id !== undefined) return { kind, id };
    ctx.addIssue({ code: "custom", message: `must be the id of one of these: ${tracedKinds.join(", ")}` });
    return z.NEVER;
  })
  .describe("The id of any link of the chain.");

/** The call that tells a whole story. */
export const traceOperations: readonly Operation[] = [
  operation({
    method: "get",
    path: "/api/v1/trace/{id}",
    summary: "Read the chain that a thing belongs to: event, tasks, artifacts, messages, deliveries",
    tag: "Trace",
    params: z.strictObject({ id: target }),
    responses: {
      200: { description: "The chain.", schema: traceSchema },
      404: { description: "The project has no such thing." },
    },
    async handle(ctx, { params: { id } }) {
      return { status: 200, body: presentTrace(await traceOf(ctx, id), ctx.publicUrl()) };
    },
  }),
];
