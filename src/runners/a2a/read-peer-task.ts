import { type Message, type Part, type Task, TaskState } from "@a2a-js/sdk";
import type { OutboundResult } from "../../platform/outbound-exchange.ts";
import { A2AError } from "@a2a-js/sdk/errors";
import { failedRun, type RunOutcome } from "../task-run.ts";
import { BadCardError } from "./peer-cards.ts";

const maxPromptCharacters = 10_000;
const maxResultCharacters = 1_048_576;

// An output to be stored, as `report.artifact` takes it.
interface PeerFile {
  readonly name: string;
  readonly contentType?: string;
  readonly contentBase64: string;
}

// Bytes become artifacts of the task, and what stands in their place says which.
function valueOf({ content, filename, mediaType }: Part, files: PeerFile[] = []): unknown {
  const about = isGiven(mediaType) ? { mediaType } : {};
  switch (content?.$case) {
    case "text":
    case "data":
      return content.value;
    case "url":
      return { url: content.value, ...(isGiven(filename) ? { filename } : {}), ...about };
    case "raw": {
      const name = isGiven(filename) ? filename : `file-${files.length + 1}`;
      const contentType = isGiven(mediaType) ? { contentType: mediaType } : {};
      files.push({ name, ...contentType, contentBase64: content.value.toString("base64") });
      return { artifact: name, ...about };
    }
    case undefined:
      return null;
  }
}

// Fields that a peer leaves out are empty, or not there at all.
function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}

// One value as it is, texts as one text, anything else as a list.
function valueOfParts(parts: readonly Part[], files: PeerFile[]): unknown {
  const values = parts.map((part) => valueOf(part, files));
  if (values.length === 1) return values[0];
  if (values.length > 0 && values.every((value) => typeof value === "string")) return values.join("\n\n");
  return values;
}

/** What is said in a message, as text; empty when it is said in none. */
export function textOf(message: Message | undefined): string {
  const texts = (message?.parts ?? []).map((part) => {
    const value = valueOf(part);
    return typeof value === "string" ? value : JSON.stringify(value);
  });
  return texts.join("\n\n");
}

function resultOf(task: Task, files: PeerFile[]): unknown {
  const artifacts = task.artifacts ?? [];
  const [only] = artifacts;
  if (only !== undefined && artifacts.length === 1) return valueOfParts(only.parts, files);
  if (artifacts.length > 1)
    return {
      artifacts: artifacts.map(({ name, artifactId, parts }) => ({
        name: isGiven(name) ? name : artifactId,
        value: valueOfParts(parts, files),
      })),
    };
  return task.status?.message === undefined ? undefined : valueOfParts(task.status.message.parts, files);
}

function completedWith(
  result: unknown,
  artifacts: readonly PeerFile[],
  metadata: Record<string, unknown> | undefined,
): RunOutcome {
  if ((JSON.stringify(result) ?? "").length > maxResultCharacters)
    return failedRun("answer_too_large", "The peer's answer is larger than a result may be.", false);
  const usage = metadata?.["usage"];
  const isUsage = typeof usage === "object" && usage !== null && !Array.isArray(usage);
  return { kind: "completed", result, artifacts, ...(isUsage ? { usage } : {}) };
}

/** What a message means that a peer answers with instead of a task: it is done. */
export function outcomeOfMessage(message: Message): RunOutcome {
  const files: PeerFile[] = [];
  return completedWith(valueOfParts(message.parts, files), files, message.metadata);
}

/** What the peer's task means for ours; undefined while it is under way. */
export function outcomeOfTask(task: Task): RunOutcome | undefined {
  const said = textOf(task.status?.message);
  switch (task.status?.state) {
    case TaskState.TASK_STATE_COMPLETED: {
      const files: PeerFile[] = [];
      return completedWith(resultOf(task, files), files, task.metadata);
    }
    case TaskState.TASK_STATE_FAILED:
      return failedRun("peer_failed", said || "The peer says that it has failed.", false);
    case TaskState.TASK_STATE_REJECTED:
      return failedRun("peer_rejected", said || "The peer has rejected the task.", false);
    case TaskState.TASK_STATE_CANCELED:
      return failedRun("peer_canceled", said || "The task was canceled at the peer.", false);
    case TaskState.TASK_STATE_INPUT_REQUIRED: {
      const prompt = said || "The peer needs to hear more, and does not say what.";
      return { kind: "input_required", question: { prompt: prompt.slice(0, maxPromptCharacters) } };
    }
    case TaskState.TASK_STATE_AUTH_REQUIRED: {
      const prompt = `The peer asks for authorization; answer when it has it. ${said}`.trim();
      return { kind: "input_required", question: { prompt: prompt.slice(0, maxPromptCharacters) } };
    }
    default:
      return undefined;
  }
}

// What trying again does not change.
const finalFailures: ReadonlySet<string> = new Set(["blocked", "invalid_request", "protocol", "too_large"]);

/** What a call that failed means: `last` is how its exchange went, undefined when it came to none. */
export function failureOf(error: unknown, last: OutboundResult | undefined): RunOutcome & { readonly kind: "failed" } {
  const message = error instanceof Error ? error.message : String(error);
  if (last?.kind === "failure")
    return failedRun(last.reason, `The peer could not be called: ${last.detail}.`, !finalFailures.has(last.reason));
  if (last?.truncated === true)
    return failedRun("answer_too_large", "The peer's answer is larger than a result may be.", false);
  const status = last?.status ?? 200;
  if (status >= 500 || status === 408 || status === 429)
    return failedRun(`http_${status}`, `The peer answered ${status}: ${message}`, true);
  if (error instanceof BadCardError) return failedRun("bad_agent_card", message, false);
  if (error instanceof A2AError) {
    const code = error.reason.toLowerCase();
    return failedRun(code, `The peer refused: ${message}`, code === "internal_error");
  }
  if (status >= 300) return failedRun(`http_${status}`, `The peer answered ${status}: ${message}`, false);
  return failedRun("bad_peer_answer", `The peer's answer cannot be read: ${message}`, false);
}
