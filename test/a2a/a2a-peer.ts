import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AgentCard, type Part, Role, StreamResponse, type Task, TaskState } from "@a2a-js/sdk";
import {
  AgentEvent,
  type AgentExecutor,
  DefaultRequestHandler,
  type ExecutionEventBus,
  InMemoryPushNotificationStore,
  InMemoryTaskStore,
  type PushNotificationSender,
  type RequestContext,
} from "@a2a-js/sdk/server";
import { jsonRpcHandler, restHandler, UserBuilder } from "@a2a-js/sdk/server/express";
import express from "express";
import { textPart } from "./a2a-client.ts";

/** One call that a peer got. */
interface PeerRequest {
  readonly path: string;
  readonly method: string | undefined;
  readonly authorization: string | undefined;
}

/** Another agent, served by the SDK on loopback. */
export interface Peer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly PeerRequest[];
  /** The messages that reached its agent. */
  readonly messages: readonly RequestContext[];
  readonly canceled: readonly string[];
  /** Its slow task goes on. */
  release(): void;
}

/** How a peer is. */
export interface PeerOptions {
  readonly version?: "1.0" | "0.3";
  readonly binding?: "JSONRPC" | "HTTP+JSON";
  readonly pushNotifications?: boolean;
  /** Instead of its own. */
  readonly card?: unknown;
}

type Say = (state: TaskState, ...parts: Part[]) => void;

// What it is told in its first word is what it does.
async function behave(word: string, said: RequestContext, say: Say, bus: ExecutionEventBus, slow: Promise<void>) {
  const { taskId, contextId } = said;
  if (word === "slow" || word === "hang") {
    say(TaskState.TASK_STATE_WORKING, textPart("half way"));
    await slow;
    if (word === "hang") return;
  }
  if (word === "fail") return say(TaskState.TASK_STATE_FAILED, textPart("out of paper"));
  if (word === "reject") return say(TaskState.TASK_STATE_REJECTED, textPart("not mine"));
  if (word === "auth") return say(TaskState.TASK_STATE_AUTH_REQUIRED, textPart("Log in at example.com"));
  if (word === "ask" && said.task?.status?.state !== TaskState.TASK_STATE_INPUT_REQUIRED)
    return say(TaskState.TASK_STATE_INPUT_REQUIRED, textPart("Which one?"));
  const file: Part = {
    content: { $case: "raw", value: Buffer.from([1, 2, 255]) },
    metadata: undefined,
    filename: "plan.bin",
    mediaType: "application/octet-stream",
  };
  const answer = said.task === undefined ? "done" : `done with ${String(said.userMessage.parts[0]?.content?.value)}`;
  const artifact = {
    artifactId: "a",
    name: "answer",
    description: "",
    parts: word === "draw" ? [textPart(answer), file] : [textPart(answer)],
    metadata: undefined,
    extensions: [],
  };
  bus.publish(
    AgentEvent.artifactUpdate({ taskId, contextId, artifact, append: false, lastChunk: true, metadata: undefined }),
  );
  return say(TaskState.TASK_STATE_COMPLETED);
}

/** Starts a peer. */
export async function startPeer(options: PeerOptions = {}): Promise<Peer> {
  const { version = "1.0", binding = "JSONRPC", pushNotifications = false } = options;
  const requests: PeerRequest[] = [];
  const messages: RequestContext[] = [];
  const canceled: string[] = [];
  const words = new Map<string, string>();
  const { promise: slow, resolve: release } = Promise.withResolvers<void>();

  const executor: AgentExecutor = {
    async execute(said, bus) {
      const { taskId, contextId, userMessage, task } = said;
      messages.push(said);
      const word = words.get(taskId) ?? String(userMessage.parts[0]?.content?.value).split(/\s/).at(-1) ?? "";
      words.set(taskId, word);
      const status = { state: TaskState.TASK_STATE_SUBMITTED, message: undefined, timestamp: undefined };
      const fresh: Task = {
        id: taskId,
        contextId,
        status,
        artifacts: [],
        history: [userMessage],
        metadata: { usage: { inputTokens: 7 } },
      };
      if (task === undefined) bus.publish(AgentEvent.task(fresh));
      const say: Say = (state, ...parts) => {
        const about = { messageId: crypto.randomUUID(), contextId, taskId, role: Role.ROLE_AGENT };
        const message = { ...about, parts, metadata: undefined, extensions: [], referenceTaskIds: [] };
        const said = { state, message: parts.length === 0 ? undefined : message, timestamp: new Date().toISOString() };
        bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status: said, metadata: undefined }));
      };
      await behave(word, said, say, bus, slow);
      bus.finished();
    },
    async cancelTask(taskId, bus) {
      canceled.push(taskId);
      const status = { state: TaskState.TASK_STATE_CANCELED, message: undefined, timestamp: undefined };
      bus.publish(AgentEvent.statusUpdate({ taskId, contextId: "", status, metadata: undefined }));
      bus.finished();
    },
  };

  const store = new InMemoryPushNotificationStore();
  const sender: PushNotificationSender = {
    async send(event, context, task) {
      for (const { url, token } of task === undefined ? [] : await store.load(task.id, context))
        await fetch(url, {
          method: "POST",
          headers: { "content-type": "application/a2a+json", "x-a2a-notification-token": token },
          body: JSON.stringify(StreamResponse.toJSON(event)),
        }).catch(() => undefined);
    },
  };

  const app = express();
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const card = AgentCard.fromJSON({
    name: "Peer",
    description: "A peer",
    version: "1",
    supportedInterfaces: [{ url: `${url}/rpc`, protocolBinding: binding, protocolVersion: version }],
    capabilities: { streaming: false, pushNotifications },
    defaultInputModes: ["text/plain", "application/json"],
    defaultOutputModes: ["text/plain"],
    skills: [],
  });
  const legacyCard = {
    protocolVersion: "0.3.0",
    name: "Peer",
    description: "A peer of yesterday",
    version: "1",
    url: `${url}/rpc`,
    preferredTransport: "JSONRPC",
    capabilities: { pushNotifications },
    defaultInputModes: ["text/plain", "application/json"],
    defaultOutputModes: ["text/plain"],
    skills: [],
  };
  const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), executor, undefined, store, sender);
  app.use((request, _response, next) => {
    requests.push({ path: request.path, method: request.method, authorization: request.headers.authorization });
    next();
  });
  const at = version === "1.0" ? "/.well-known/agent-card.json" : "/.well-known/agent.json";
  app.get(at, (_request, response) => {
    response.json(options.card ?? (version === "1.0" ? AgentCard.toJSON(card) : legacyCard));
  });
  const serving = { requestHandler, userBuilder: UserBuilder.noAuthentication, legacyCompat: { enabled: true } };
  app.use("/rpc", binding === "JSONRPC" ? jsonRpcHandler(serving) : restHandler(serving));

  return {
    url,
    requests,
    messages,
    canceled,
    release,
    async [Symbol.asyncDispose]() {
      release();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
