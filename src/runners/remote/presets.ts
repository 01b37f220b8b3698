import { Webhook } from "svix";
import type { HttpRunner } from "../../agents/runner.ts";
import { toldText } from "../told-text.ts";
import type { presentLeasedTask } from "../../tasks/present-leased-task.ts";

/** A task as it is sent to an agent. */
export interface AgentCall {
  /** As a worker gets it. */
  readonly task: ReturnType<typeof presentLeasedTask>;
  readonly attempt: number;
  readonly model: string | undefined;
  readonly callbackUrl: string;
  readonly deadlineAt: string;
  readonly sentAt: Date;
}

/** What is sent. */
export interface AgentRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

type Preset = NonNullable<HttpRunner["preset"]>;

/** How the call of a preset ends its task when the runner does not say: `status` leaves it to a 202. */
export const usualCompletion: Readonly<Record<Preset, "answer" | "callback" | "status">> = {
  signed: "status",
  // These answer at once that they have begun, and tell nobody when they are done unless their prompt says so.
  openclaw: "answer",
  "github-dispatch": "answer",
  "claude-routine": "answer",
  cursor: "callback",
};

// An agent that is told in words gets told in words where to answer.
function promptOf(call: AgentCall, waitsForCallback: boolean): string {
  const text = toldText(call.task);
  if (!waitsForCallback) return text;
  return (
    `${text}\n\nWhen you are done, POST your result as JSON, {"result": …}, or {"error": {"code": "…", "message": "…"}}, ` +
    `with the content type application/json, once, to ${call.callbackUrl}`
  );
}

interface Shape {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

function shapeOf(preset: Preset, call: AgentCall, waitsForCallback: boolean): Shape {
  const { task, attempt, model, callbackUrl, deadlineAt } = call;
  const named = model === undefined ? {} : { model };
  switch (preset) {
    case "signed":
      return {
        headers: { "idempotency-key": task.id },
        body: { task, attempt, ...named, callbackUrl, deadlineAt },
      };
    case "openclaw":
      // docs.openclaw.ai, "Inbound webhooks": POST /hooks/agent. A session key is refused unless its gateway allows it.
      return {
        headers: {},
        body: {
          message: promptOf(call, waitsForCallback),
          name: task.agent,
          wakeMode: "now",
          deliver: false,
          ...(task.sessionId === undefined ? {} : { sessionKey: `hook:${task.sessionId}` }),
          ...named,
        },
      };
    case "github-dispatch": {
      // docs.github.com, "Create a repository dispatch event": at most ten properties and 64 KB in client_payload, so that
      // the event is left out.
      const { data: _, ...told } = task;
      return {
        headers: { accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" },
        body: { event_type: "hookyard_task", client_payload: { task: told, attempt, callbackUrl, deadlineAt } },
      };
    }
    case "claude-routine":
      // platform.claude.com, "Trigger a routine through the API". Experimental: a runner's own header names a later version.
      return {
        headers: { "anthropic-version": "2023-06-01", "anthropic-beta": "experimental-cc-routine-2026-04-01" },
        body: { text: promptOf(call, waitsForCallback) },
      };
    case "cursor":
      // cursor.com/docs, "Cloud Agents API": POST /v0/agents; the repository stands in the runner's body. It calls its
      // webhook when the agent has finished or failed.
      return {
        headers: {},
        body: {
          prompt: { text: toldText(task) },
          ...(waitsForCallback ? { webhook: { url: callbackUrl } } : {}),
          ...named,
        },
      };
  }
}

function credentialsOf(
  preset: Preset,
  call: AgentCall,
  body: Buffer,
  secret: string,
): Readonly<Record<string, string>> {
  if (preset !== "signed") return { authorization: `Bearer ${secret}` };
  // Standard Webhooks, as everything that the hub sends. An attempt is a message of its own; a repeat of a task is told by
  // its Idempotency-Key.
  const id = `${call.task.id}_${call.attempt}`;
  const signer = secret.startsWith("whsec_") ? new Webhook(secret) : new Webhook(secret, { format: "raw" });
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(call.sentAt.getTime() / 1000)),
    "webhook-signature": signer.sign(id, call.sentAt, body),
  };
}

/** The request that gives a task to an agent's endpoint, in the manners of its preset, with its secret. */
export function requestOf(
  runner: HttpRunner,
  call: AgentCall,
  secret: string,
  waitsForCallback: boolean,
): AgentRequest {
  const preset = runner.preset ?? "signed";
  const shape = shapeOf(preset, call, waitsForCallback);
  const body = Buffer.from(JSON.stringify({ ...shape.body, ...runner.body }).toWellFormed());
  return {
    headers: {
      ...shape.headers,
      ...runner.headers,
      "content-type": "application/json",
      ...credentialsOf(preset, call, body, secret),
    },
    body,
  };
}
