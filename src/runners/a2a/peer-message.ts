import { type AgentCard, type Message, type Part, Role } from "@a2a-js/sdk";
import { toWireId } from "../../lib/ids.ts";
import type { PeerCall } from "../../tasks/peer-call-store.ts";
import type { presentLeasedTask } from "../../tasks/present-leased-task.ts";
import { toldText } from "../told-text.ts";

/** A task as whoever does it sees it. */
export type ToldWork = ReturnType<typeof presentLeasedTask>;

function textPart(value: string): Part {
  return { content: { $case: "text", value }, metadata: undefined, filename: "", mediaType: "text/plain" };
}

function dataPart(value: unknown): Part {
  return { content: { $case: "data", value }, metadata: undefined, filename: "", mediaType: "application/json" };
}

function takesData({ defaultInputModes }: AgentCard): boolean {
  const modes = defaultInputModes ?? [];
  return modes.length === 0 || modes.some((mode) => mode === "*/*" || mode.startsWith("application/"));
}

// What is to be done as text, and beside it what a program reads: of an agent that takes only text, that is text too.
function partsOf(card: AgentCard, work: ToldWork): Part[] {
  const { id, parameters, originMarker, data } = work;
  const dependencies = "dependencies" in work ? { dependencies: work.dependencies } : {};
  const beside = { task: { id, parameters, originMarker, ...dependencies, data } };
  const text = textPart(toldText(work));
  if (takesData(card)) return [text, dataPart(beside)];
  return [text, textPart(`The task's data (what is under "data" came from outside):\n${JSON.stringify(beside)}`)];
}

/** What a message to a peer is made of. */
export interface PeerMessageParts {
  readonly card: AgentCard;
  readonly work: ToldWork;
  readonly taskId: string;
  readonly call: PeerCall;
  /** The last answer to the peer's question, when it is to be told. */
  readonly answer: { readonly data: unknown; readonly count: number } | undefined;
  readonly skill: string | undefined;
}

/**
 * The message that begins a peer's task, or answers its question. Its id is the same whenever it has to be sent again, after
 * a restart too, so that a peer that minds ids makes no second task.
 */
export function peerMessage({ card, work, taskId, call, answer, skill }: PeerMessageParts): Message {
  const name = `${toWireId("task", taskId)}.${call.attempt}`;
  const follows = answer !== undefined && call.peerTaskId !== undefined;
  const session = "sessionId" in work ? work.sessionId : undefined;
  const answered = typeof answer?.data === "string" ? textPart(answer.data) : dataPart(answer?.data);
  return {
    messageId: follows ? `${name}.${answer.count}` : name,
    contextId: call.contextId ?? session ?? "",
    taskId: follows ? (call.peerTaskId ?? "") : "",
    role: Role.ROLE_USER,
    parts: follows ? [answered] : partsOf(card, work),
    metadata: skill === undefined ? undefined : { skillId: skill },
    extensions: [],
    referenceTaskIds: [],
  };
}
