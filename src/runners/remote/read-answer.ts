import { isNestedDeeperThan } from "../../lib/json-depth.ts";
import { parseRetryAfter } from "../../lib/retry-after.ts";
import type { OutboundResult } from "../../platform/outbound-exchange.ts";
import { readQuestion } from "../read-question.ts";
import { failedRun, type RunOutcome } from "../task-run.ts";

const maxRetrySeconds = 86_400;
const maxDepth = 100;

// What trying again does not change.
const finalFailures: ReadonlySet<string> = new Set(["blocked", "invalid_request", "protocol", "too_large"]);

type Answer = OutboundResult & { readonly kind: "response" };

function valueOf(body: Buffer): unknown {
  const text = body.toString("utf8");
  if (text.trim() === "") return undefined;
  if (isNestedDeeperThan(text, maxDepth)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// What only an endpoint that was made for the hub says: what it cost, and that it could not do it.
function signedOutcome(value: Record<string, unknown>): RunOutcome {
  const usage = isObject(value["usage"]) ? { usage: value["usage"] } : {};
  const error = value["error"];
  const question = isObject(value["inputRequired"]) ? readQuestion(value["inputRequired"]) : undefined;
  if (question !== undefined) return { kind: "input_required", question };
  if (isObject(error) && !("result" in value)) {
    const code =
      typeof error["code"] === "string" && error["code"] !== "" ? error["code"].slice(0, 100) : "agent_error";
    const message = typeof error["message"] === "string" ? error["message"] : "The agent reported an error.";
    return { ...failedRun(code, message, value["retryable"] === true), ...usage };
  }
  const artifacts = Array.isArray(value["artifacts"]) ? { artifacts: value["artifacts"] as unknown[] } : {};
  return "result" in value
    ? { kind: "completed", result: value["result"], ...usage, ...artifacts }
    : { kind: "completed", result: value, ...usage };
}

function failureOf({ status, headers, body }: Answer, nowMs: number): RunOutcome {
  const said = body.subarray(0, 500).toString("utf8").replaceAll("\u0000", "").trim();
  const message = `The agent's endpoint answered ${status}${said === "" ? "." : `: ${said}`}`;
  // 4xx is about the request, which will be the same; but for the time it came at.
  const retryable = status >= 500 || status === 408 || status === 429;
  const retryAfter = headers["retry-after"];
  const retryAfterSeconds = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, nowMs, maxRetrySeconds);
  const wait = retryable && retryAfterSeconds !== undefined ? { retryAfterSeconds } : {};
  return { ...failedRun(`http_${status}`, message, retryable), ...wait };
}

/** How the answer to a call is to be read. */
export interface AnswerReading {
  readonly completion: "answer" | "callback" | "status";
  readonly isSigned: boolean;
  readonly nowMs: number;
}

/**
 * What the answer of an agent's endpoint means for its task: 2xx its result, or that it comes later; 4xx but 408 and 429, and
 * redirects, which are not followed, an end; everything else another attempt.
 */
export function readAnswer(result: OutboundResult, { completion, isSigned, nowMs }: AnswerReading): RunOutcome {
  if (result.kind === "failure") {
    if (result.reason === "aborted") return { kind: "stopped" };
    const message = `The agent's endpoint could not be called: ${result.detail}.`;
    return failedRun(result.reason, message, !finalFailures.has(result.reason));
  }
  if (result.status < 200 || result.status > 299) return failureOf(result, nowMs);
  if (completion === "callback" || (completion === "status" && result.status === 202)) return { kind: "pending" };
  if (result.truncated)
    return failedRun("answer_too_large", "The answer of the agent's endpoint is larger than a result may be.", false);
  const value = valueOf(result.body);
  return isSigned && isObject(value) ? signedOutcome(value) : { kind: "completed", result: value };
}
