import express, { type Request, type Router } from "express";
import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { parseInput } from "../lib/parse-input.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import type { SettleCommit } from "../tasks/complete-task.ts";
import { inlineArtifact, maxInlineArtifacts, uploadOf } from "../tasks/inline-artifact.ts";
import { expiresInSeconds } from "../tasks/input-request.ts";
import { type CallbackNews, findCallback, settleByCallback } from "../tasks/settle-by-callback.ts";
import type { Authentication } from "./authenticate.ts";
import { checkContentType } from "./check-content-type.ts";
import { parseJsonBody } from "./parse-json-body.ts";
import { rejectUnstorable } from "./reject-unstorable.ts";
import { stateOf } from "./request-state.ts";
import { sendAnswer } from "./send-answer.ts";

/** Where agents answer that were called and have begun. */
export const callbackPath = "/api/v1/callbacks/{token}";

/** What a callback needs. */
export interface CallbackServices extends TaskServices {
  readonly settle: SettleCommit;
}

const usage = jsonObjectSchema.optional();
const error = z.strictObject({ code: z.string().min(1).max(100), message: z.string().max(10_000) });

const question = z.strictObject({
  prompt: z.string().min(1).max(10_000),
  schema: jsonObjectSchema.exactOptional(),
  expiresInSeconds: expiresInSeconds.exactOptional(),
});

const callbackBody = z
  .strictObject({
    result: z.unknown().optional(),
    artifacts: z.array(inlineArtifact).max(maxInlineArtifacts).optional(),
    error: error.optional(),
    retryable: z.boolean().optional(),
    inputRequired: question.optional(),
    progress: z.unknown().optional(),
    usage,
  })
  .refine((body) => ["result", "error", "inputRequired", "progress"].filter((field) => field in body).length === 1, {
    error: "must have one of result, error, inputRequired and progress",
  });

// cursor.com/docs, "Webhooks": a change of status, FINISHED or ERROR, with what became of its agent.
const cursorBody = z.looseObject({ status: z.string().max(100), summary: z.string().optional() });

function cursorNews(value: unknown): CallbackNews {
  const body = parseInput(cursorBody, value);
  if (body.status === "FINISHED") return { kind: "completed", result: body };
  if (body.status !== "ERROR") return { kind: "progress", progress: { status: body.status } };
  const message = body.summary ?? "The Cursor agent failed.";
  return { kind: "failed", error: { code: "agent_error", message: message.slice(0, 10_000) }, retryable: true };
}

function newsOf(value: unknown): CallbackNews {
  const body = parseInput(callbackBody, value);
  const cost = body.usage === undefined ? {} : { usage: body.usage };
  if (body.error !== undefined)
    return { kind: "failed", error: body.error, retryable: body.retryable ?? false, ...cost };
  if (body.inputRequired !== undefined) return { kind: "input_required", question: body.inputRequired };
  if ("progress" in body) return { kind: "progress", progress: body.progress, ...cost };
  return { kind: "completed", result: body.result, artifacts: (body.artifacts ?? []).map(uploadOf), ...cost };
}

function bytesOf({ body }: Request): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/**
 * Mounts the call with which an agent says how its task ended. The token in its path is all that it needs: it is good for one
 * attempt, and once. 404 for one that was never given, 409 for one that was used.
 */
export function mountCallbacks(router: Router, services: CallbackServices, authentication: Authentication): void {
  router.post(
    callbackPath.replace("{token}", ":token"),
    (_request, response, next) => {
      // The token is a credential: the log gets the path as it is declared.
      stateOf(response).path = callbackPath;
      next();
    },
    authentication.limitAddress,
    checkContentType(["application/json"]),
    express.raw({ type: () => true, limit: services.settings.api.bodyLimitBytes, inflate: false }),
    async (request, response) => {
      const claim = await findCallback(services, String(request.params["token"]));
      const value = parseJsonBody(bytesOf(request));
      rejectUnstorable(value, ["result", "artifacts", "error", "inputRequired", "progress", "usage", "summary"]);
      const news = claim.preset === "cursor" ? cursorNews(value) : newsOf(value);
      const { state } = await settleByCallback(services, services.settle, claim, news);
      sendAnswer(response, { status: 200, body: { id: toWireId("task", claim.taskId), state } });
    },
  );
}
