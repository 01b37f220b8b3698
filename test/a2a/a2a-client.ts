import { type Message, type Part, Role, type SendMessageRequest, type Task } from "@a2a-js/sdk";
import {
  type Client,
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from "@a2a-js/sdk/client";

/** The SDK's client of a hub, with a credential, by one of its two ways. */
export async function connectA2a(
  url: string,
  key: string,
  binding: "JSONRPC" | "HTTP+JSON" = "JSONRPC",
): Promise<Client> {
  const fetchImpl: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set("authorization", `Bearer ${key}`);
    return fetch(input, { ...init, headers });
  };
  const options = { fetchImpl, legacyCompat: { enabled: true } };
  const factory = new ClientFactory({
    transports: [new JsonRpcTransportFactory(options), new RestTransportFactory(options)],
    preferredTransports: [binding],
    cardResolver: new DefaultAgentCardResolver(options),
  });
  return await factory.createFromUrl(url);
}

/** A text part. */
export function textPart(value: string): Part {
  return { content: { $case: "text", value }, metadata: undefined, filename: "", mediaType: "" };
}

/** A data part. */
export function dataPart(value: unknown): Part {
  return { content: { $case: "data", value }, metadata: undefined, filename: "", mediaType: "" };
}

/** What is to be said differently. */
export interface SaidFields {
  readonly messageId?: string;
  readonly contextId?: string;
  readonly taskId?: string;
  readonly skill?: string;
  readonly wait?: boolean;
  readonly tenant?: string;
}

/** A request to send these parts; it returns at once unless told to wait. */
export function say(parts: readonly (Part | string)[], fields: SaidFields = {}): SendMessageRequest {
  const { messageId = crypto.randomUUID(), contextId = "", taskId = "", skill, wait = false, tenant = "" } = fields;
  const message: Message = {
    messageId,
    contextId,
    taskId,
    role: Role.ROLE_USER,
    parts: parts.map((part) => (typeof part === "string" ? textPart(part) : part)),
    metadata: skill === undefined ? undefined : { skillId: skill },
    extensions: [],
    referenceTaskIds: [],
  };
  const configuration = {
    acceptedOutputModes: [],
    taskPushNotificationConfig: undefined,
    returnImmediately: !wait,
  };
  return { tenant, message, configuration, metadata: undefined };
}

/** The task in an answer; throws when it is a message. */
export function taskIn(answer: Task | Message): Task {
  if ("messageId" in answer) throw new Error("a message instead of a task");
  return answer;
}

/** What the parts hold, one value each. */
export function valuesOf(parts: readonly Part[] | undefined): unknown[] {
  return (parts ?? []).map(({ content }) => content?.value);
}
