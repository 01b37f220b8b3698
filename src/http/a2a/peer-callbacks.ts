import { timingSafeEqual } from "node:crypto";
import express, { type Request, type Router } from "express";
import { NotFoundError } from "../../lib/errors.ts";
import type { Services } from "../../platform/services.ts";
import { findPeerPushHash } from "../../tasks/peer-call-store.ts";
import { hashPeerToken, peerCallbackPath, taskOfPeerToken } from "../../tasks/peer-token.ts";
import type { Authentication } from "../authenticate.ts";
import { stateOf } from "../request-state.ts";
import { sendAnswer } from "../send-answer.ts";

const tokenHeader = "x-a2a-notification-token";

async function taskOf(services: Services, token: string, request: Request): Promise<string> {
  const taskId = taskOfPeerToken(token);
  const stored = taskId === undefined ? undefined : await findPeerPushHash(services.db, taskId);
  const told = request.get(tokenHeader);
  const isRight = stored !== undefined && timingSafeEqual(stored, hashPeerToken(token));
  if (taskId === undefined || !isRight || (told !== undefined && told !== token))
    throw new NotFoundError("There is no such callback.");
  return taskId;
}

/**
 * Mounts the call with which an A2A peer says that something has become of a task. What it says is not believed, for nobody
 * has signed it: whoever follows the task asks the peer at once. 404 for a token that was never given, or whose task has
 * ended.
 */
export function mountPeerCallbacks(router: Router, services: Services, authentication: Authentication): void {
  router.post(
    peerCallbackPath.replace("{token}", ":token"),
    (_request, response, next) => {
      // The token is a credential: the log gets the path as it is declared.
      stateOf(response).path = peerCallbackPath;
      next();
    },
    authentication.limitAddress,
    express.raw({ type: () => true, limit: services.settings.api.bodyLimitBytes, inflate: false }),
    async (request, response) => {
      const taskId = await taskOf(services, String(request.params["token"]), request);
      await services.db.transaction((tx) => services.signals.emit(tx, "peers", [taskId]));
      sendAnswer(response, { status: 202, body: {} });
    },
  );
}
