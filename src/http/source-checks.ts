import { z } from "zod";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { checkRequest } from "../sources/check-request.ts";
import { capturedRequest, requestCheckSchema } from "../sources/request-check.ts";
import { newSourceTest, type SourceTester, sourceTestSchema, testSource } from "../sources/test-source.ts";
import { type Operation, operation } from "./operation.ts";

const tag = "Sources";

/** The calls that try out a source, or one that is still to be made. */
export function sourceCheckOperations(tester: SourceTester): readonly Operation[] {
  return [
    operation({
      method: "post",
      path: "/api/v1/sources/{id}/test",
      summary: "Sign an event as the provider would, and send it through the source",
      tag,
      params: z.strictObject({ id: wireIdSchema("source") }),
      body: newSourceTest.optional(),
      freeFields: ["payload"],
      responses: {
        200: { description: "The event that was stored.", schema: sourceTestSchema },
        404: { description: "The project has no such source." },
        409: {
          description:
            "`source_disabled`; `not_signable`: only the provider can sign, or no live secret can; `not_verified`: the source's settings refuse it.",
        },
      },
      handle: async (ctx, { params: { id }, body = {} }) => ({
        status: 200,
        body: await testSource(ctx, tester, id, body),
      }),
    }),
    operation({
      method: "post",
      path: "/api/v1/providers/verify",
      summary: "Say step by step why a captured request does or does not verify",
      tag,
      body: capturedRequest,
      freeFields: ["body", "headers"],
      responses: {
        200: { description: "What was looked at, and what came of it.", schema: requestCheckSchema },
        404: { description: "The project has no such source." },
      },
      handle: async (ctx, { body }) => ({ status: 200, body: await checkRequest(ctx, tester, body) }),
    }),
  ];
}
