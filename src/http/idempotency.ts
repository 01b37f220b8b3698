import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Request } from "express";
import type { Actor } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, MalformedError } from "../lib/errors.ts";
import type { Services } from "../platform/services.ts";
import {
  type ClaimedKey,
  claimIdempotencyKey,
  deleteIdempotencyKeys,
  extendIdempotencyLock,
  type IdempotencyClaim,
  releaseIdempotencyKey,
  storeIdempotentResponse,
} from "./idempotency-store.ts";
import type { Answer } from "./operation.ts";
import { decodeAnswer, encodeAnswer } from "./stored-answer.ts";

// A process that died holds a key for this long; one that lives renews in time, since some calls wait a minute.
const lockMs = 60_000;
const renewMs = 20_000;
// A repeat that comes while the first is under way waits for its answer: most have it by then. It looks this often.
const waitsMs = [25, 50, 100, 200, 400, 800, 800];
const keyForm = /^[\x21-\x7e]{1,255}$/;

// What a credential may do is part of it: a viewer's token must not be shown what its key was once answered as an owner.
function credentialOf({ id, role, agents, subscriberId }: Actor): Buffer {
  return createHash("sha256")
    .update(JSON.stringify([id, role, agents, ...(subscriberId === undefined ? [] : [subscriberId])]))
    .digest();
}

function requestHashOf(request: Request, bytes: Buffer): Buffer {
  const head = [request.method, request.originalUrl, request.headers["content-type"] ?? ""];
  return createHash("sha256").update(JSON.stringify(head)).update("\n").update(bytes).digest();
}

// Stripe's rule, with one more reason here: verbs change nothing before they refuse, so that after these the same request
// may be tried again, or put right, under the same key.
function isStored(status: number): boolean {
  return status < 500 && status !== 422 && status !== 429;
}

function bindingOf({ projectId, credential, key }: IdempotencyClaim) {
  return {
    projectId,
    object: "idempotent_response" as const,
    id: `${credential.toString("hex")}:${key}`,
    version: 1,
  };
}

function checkSameRequest(claim: IdempotencyClaim, found: ClaimedKey | undefined): void {
  if (found !== undefined && !found.request_hash.equals(claim.requestHash))
    throw new ConflictError(
      "idempotency_mismatch",
      "This Idempotency-Key was used with another request; use a new key for each",
    );
}

async function claimOrWait(ctx: Context, claim: IdempotencyClaim): Promise<"claimed" | ClaimedKey | undefined> {
  let found = await claimIdempotencyKey(ctx.db, claim);
  for (const waitMs of waitsMs) {
    if (found === "claimed") return found;
    checkSameRequest(claim, found);
    if (found !== undefined && found.response !== null) return found;
    await delay(waitMs);
    found = await claimIdempotencyKey(ctx.db, claim);
  }
  return found;
}

function replay(ctx: Context, claim: IdempotencyClaim, found: ClaimedKey | undefined): Answer {
  checkSameRequest(claim, found);
  if (found === undefined || found.response === null)
    throw new ConflictError("idempotency_in_progress", "The first request with this Idempotency-Key is under way", {
      retryAfterSeconds: 1,
    });
  return decodeAnswer(ctx.secretBox.open(bindingOf(claim), found.response));
}

async function runClaimed(ctx: Context, claim: IdempotencyClaim, run: () => Promise<Answer>): Promise<Answer> {
  const warn = (err: unknown): void => ctx.log.warn({ unit: "idempotency", err }, "could not keep an idempotency key");
  const renewal = setInterval(() => {
    extendIdempotencyLock(ctx.db, claim, new Date(ctx.clock.now() + lockMs)).catch(warn);
  }, renewMs);
  try {
    const answer = await run();
    // What was done is done: that its answer could not be kept must not turn it into an error.
    if (isStored(answer.status)) {
      const sealed = ctx.secretBox.seal(bindingOf(claim), encodeAnswer(answer));
      await storeIdempotentResponse(ctx.db, claim, sealed).catch(warn);
    } else await releaseIdempotencyKey(ctx.db, claim).catch(warn);
    return answer;
  } catch (error) {
    await releaseIdempotencyKey(ctx.db, claim).catch(warn);
    throw error;
  } finally {
    clearInterval(renewal);
  }
}

/**
 * Runs `run` once per Idempotency-Key, and answers the same request again with what it answered then; without the header it
 * just runs. `bytes` is the body. Kept are successes and refusals but for 422 and 429, after which, as after a 5xx, the
 * key is free again. Throws MalformedError for a bad key, and ConflictError `idempotency_mismatch` for another request under
 * the same key, `idempotency_in_progress` when the first is under way for two seconds more. A process that dies between the commit of its verb
 * and this one's leaves the key locked for a minute and then open: within that gap alone a retry runs again.
 */
export async function runIdempotently(
  ctx: Context,
  request: Request,
  bytes: Buffer,
  run: () => Promise<Answer>,
): Promise<Answer> {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return await run();
  if (typeof key !== "string" || !keyForm.test(key))
    throw new MalformedError("bad_idempotency_key", "Idempotency-Key must be 1 to 255 visible ASCII characters");
  const nowMs = ctx.clock.now();
  const claim: IdempotencyClaim = {
    projectId: ctx.actor.projectId,
    credential: credentialOf(ctx.actor),
    key,
    requestHash: requestHashOf(request, bytes),
    holder: ctx.newId(),
    at: new Date(nowMs),
    lockedUntil: new Date(nowMs + lockMs),
    forgottenBefore: new Date(nowMs - ctx.settings.api.idempotencyHours * 3_600_000),
  };
  const found = await claimOrWait(ctx, claim);
  return found === "claimed" ? await runClaimed(ctx, claim, run) : replay(ctx, claim, found);
}

/** Forgets answers that are older than `idempotencyHours`. To be run now and then. */
export async function purgeIdempotencyKeys({ db, clock, settings }: Services): Promise<void> {
  await deleteIdempotencyKeys(db, new Date(clock.now() - settings.api.idempotencyHours * 3_600_000));
}
