import type { A2ARequestHandler, ServerCallContext } from "@a2a-js/sdk/server";
import type { SendMessageRequest, StreamResponse } from "@a2a-js/sdk";
import { UnsupportedOperationError } from "@a2a-js/sdk/errors";
import { authorise } from "../../access/actor.ts";
import { isTerminal } from "../../tasks/task-state.ts";
import { cancelTask } from "../../tasks/cancel-task.ts";
import { a2aErrorOf } from "./a2a-error.ts";
import { agentCard, type CardParts, skillsOf } from "./agent-card.ts";
import { type A2aCaller, callerOf } from "./caller.ts";
import { awaitTask, readTold, streamTask } from "./follow-task.ts";
import { listA2aTasks } from "./list-tasks.ts";
import { presentA2aTask, type ToldTask } from "./present-task.ts";
import {
  createPushConfig,
  getPushConfig,
  listPushConfigs,
  removePushConfig,
  requirePushConfig,
} from "./push-configs.ts";
import { readTaskId } from "./read-message.ts";
import { takeMessage } from "./take-message.ts";

// Below the minute after which load balancers give up.
const waitSeconds = 55;

function translate(caller: A2aCaller, thrown: unknown): never {
  const { error, isOurFault } = a2aErrorOf(thrown, caller.transport);
  if (isOurFault) caller.noteFailure(thrown);
  throw error;
}

async function answering<Result>(
  context: ServerCallContext,
  answer: (caller: A2aCaller) => Promise<Result>,
): Promise<Result> {
  const caller = callerOf(context);
  return await answer(caller).catch((error: unknown) => translate(caller, error));
}

async function* streaming(
  context: ServerCallContext,
  stream: (caller: A2aCaller) => AsyncGenerator<StreamResponse, void, undefined>,
): AsyncGenerator<StreamResponse, void, undefined> {
  const caller = callerOf(context);
  let hasBegun = false;
  try {
    for await (const each of stream(caller)) {
      hasBegun = true;
      yield each;
    }
  } catch (error) {
    if (!hasBegun) translate(caller, error);
    // What was sent stands; the client subscribes again.
    caller.noteFailure(error);
  }
}

// Whether the config will do is looked at first: a task must not be made by a call that is refused.
async function take(caller: A2aCaller, request: SendMessageRequest, context: ServerCallContext): Promise<ToldTask> {
  const config = request.configuration?.taskPushNotificationConfig;
  if (config === undefined) return await takeMessage(caller, request, context.tenant);
  requirePushConfig(caller.ctx, config);
  const told = await takeMessage(caller, request, context.tenant);
  // A message that is sent again asks for no second one.
  const id = config.id === "" ? (request.message?.messageId ?? "") : config.id;
  await createPushConfig(caller.ctx, readTaskId(told.task.id), { ...config, id }, context.requestedVersion);
  return told;
}

/**
 * The hub's verbs as the A2A protocol's operations, under the caller's own permissions. Nothing is kept between two calls:
 * any process answers.
 */
export function createRequestHandler(cardParts: () => CardParts): A2ARequestHandler {
  return {
    // For the transports, which look up what versions and abilities there are.
    getAgentCard: async () => agentCard(cardParts(), []),

    getAuthenticatedExtendedAgentCard: (_request, context) =>
      answering(context, async ({ ctx }) => {
        authorise(ctx.actor, "agents:read");
        return agentCard(cardParts(), await skillsOf(ctx, ctx.actor.projectId));
      }),

    sendMessage: (request, context) =>
      answering(context, async (caller) => {
        const { historyLength, returnImmediately = false } = request.configuration ?? {};
        const told = await take(caller, request, context);
        const result = returnImmediately ? told : await awaitTask(caller, told, waitSeconds);
        return presentA2aTask(result, historyLength);
      }),

    sendMessageStream: (request, context) =>
      streaming(context, async function* begin(caller) {
        yield* streamTask(caller, await take(caller, request, context));
      }),

    resubscribe: ({ id }, context) =>
      streaming(context, async function* follow(caller) {
        const told = await readTold(caller, readTaskId(id));
        if (isTerminal(told.task.state))
          throw new UnsupportedOperationError(`The task is ${told.task.state}: nothing becomes of it any more`);
        yield* streamTask(caller, told);
      }),

    getTask: ({ id, historyLength }, context) =>
      answering(context, async (caller) => presentA2aTask(await readTold(caller, readTaskId(id)), historyLength)),

    listTasks: (request, context) => answering(context, (caller) => listA2aTasks(caller, request)),

    cancelTask: ({ id }, context) =>
      answering(context, async (caller) => {
        const taskId = readTaskId(id);
        await cancelTask(caller.ctx, taskId);
        return presentA2aTask(await readTold(caller, taskId));
      }),

    createTaskPushNotificationConfig: (config, context) =>
      answering(context, ({ ctx }) =>
        createPushConfig(ctx, readTaskId(config.taskId), config, context.requestedVersion),
      ),

    getTaskPushNotificationConfig: ({ taskId, id }, context) =>
      answering(context, ({ ctx }) => getPushConfig(ctx, readTaskId(taskId), id)),

    listTaskPushNotificationConfigs: ({ taskId }, context) =>
      answering(context, async ({ ctx }) => ({
        configs: await listPushConfigs(ctx, readTaskId(taskId)),
        nextPageToken: "",
      })),

    deleteTaskPushNotificationConfig: ({ taskId, id }, context) =>
      answering(context, ({ ctx }) => removePushConfig(ctx, readTaskId(taskId), id)),
  };
}
