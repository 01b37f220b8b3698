import type { Message, Part, SendMessageRequest } from "@a2a-js/sdk";
import { Role } from "@a2a-js/sdk";
import { ContentTypeNotSupportedError, RequestMalformedError } from "@a2a-js/sdk/errors";
import { fromWireId } from "../../lib/ids.ts";
import { NotFoundError } from "../../lib/errors.ts";
import { rejectUnstorable } from "../reject-unstorable.ts";

/** What a client says, in the hub's terms. */
export interface ReadMessage {
  readonly messageId: string;
  readonly contextId: string | undefined;
  /** The uuid of the task that it is about. */
  readonly taskId: string | undefined;
  /** The agent's name or id. */
  readonly skill: string | undefined;
  /** Its text parts, a paragraph each; undefined when there are none. */
  readonly text: string | undefined;
  /** Its data parts: one as it is, several objects as one; undefined when there are none. */
  readonly data: unknown;
}

const maxIdCharacters = 255;
// As for a task that a call makes.
const maxTextCharacters = 262_144;

/** A text of the client's own choosing that is kept; undefined when it is empty. */
export function readId(name: string, text: string): string | undefined {
  if (text === "") return undefined;
  if (text.length > maxIdCharacters || text.includes("\u0000") || !text.isWellFormed())
    throw new RequestMalformedError(`${name} must have at most ${maxIdCharacters} characters, and no NUL among them`);
  return text;
}

/** The uuid of a task's id. Throws NotFoundError for what cannot be one. */
export function readTaskId(text: string): string {
  const id = fromWireId("task", text);
  if (id === undefined) throw new NotFoundError("There is no such task in this project.");
  return id;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function joinData(values: readonly unknown[]): unknown {
  if (values.length <= 1) return values[0];
  if (!values.every(isObject)) throw new RequestMalformedError("Several data parts must all be objects");
  let joined: Record<string, unknown> = {};
  for (const value of values) joined = { ...joined, ...value };
  return joined;
}

function readParts(parts: readonly Part[]): Pick<ReadMessage, "text" | "data"> {
  const texts: string[] = [];
  const data: unknown[] = [];
  for (const { content } of parts)
    switch (content?.$case) {
      case "text":
        texts.push(content.value);
        break;
      case "data":
        // 1e999 is read as Infinity, which JSON cannot say again.
        rejectUnstorable({ data: content.value }, ["data"]);
        data.push(content.value);
        break;
      case "raw":
      case "url":
        throw new ContentTypeNotSupportedError("Parts must be text or data; files are not taken");
      case undefined:
        throw new RequestMalformedError("A part must have text or data");
    }
  if (texts.length + data.length === 0) throw new RequestMalformedError("message.parts must not be empty");
  const text = texts.length === 0 ? undefined : texts.join("\n\n");
  if ((text ?? "").length > maxTextCharacters)
    throw new RequestMalformedError(`The text parts must have at most ${maxTextCharacters} characters together`);
  return { text, data: joinData(data) };
}

function skillIn(metadata: Message["metadata"]): string | undefined {
  const skill: unknown = metadata?.["skillId"];
  if (skill === undefined) return undefined;
  if (typeof skill !== "string") throw new RequestMalformedError("metadata.skillId must be a string");
  return readId("metadata.skillId", skill);
}

/**
 * Reads a message. The skill is what its metadata, those of the request, or the tenant name, in this order. Throws
 * RequestMalformedError naming what is wrong, ContentTypeNotSupportedError for files.
 */
export function readMessage(request: SendMessageRequest, tenant: string | undefined): ReadMessage {
  const { message } = request;
  if (message === undefined) throw new RequestMalformedError("message is required");
  const messageId = readId("message.messageId", message.messageId);
  if (messageId === undefined) throw new RequestMalformedError("message.messageId is required");
  if (message.role === Role.ROLE_AGENT) throw new RequestMalformedError("message.role must be that of a user");
  const skill = skillIn(message.metadata) ?? skillIn(request.metadata);
  return {
    messageId,
    contextId: readId("message.contextId", message.contextId),
    taskId: message.taskId === "" ? undefined : readTaskId(message.taskId),
    skill: skill ?? readId("tenant", request.tenant === "" ? (tenant ?? "") : request.tenant),
    ...readParts(message.parts),
  };
}
