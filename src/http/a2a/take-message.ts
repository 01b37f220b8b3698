import type { SendMessageRequest } from "@a2a-js/sdk";
import { RequestMalformedError } from "@a2a-js/sdk/errors";
import { authorise } from "../../access/actor.ts";
import { wireActorId } from "../../access/wire-actor-id.ts";
import { selectAgents } from "../../agents/store.ts";
import { InvalidError } from "../../lib/errors.ts";
import { fromWireId } from "../../lib/ids.ts";
import { findOriginMarkers, verifyOriginMarker } from "../../lib/origin-marker.ts";
import { answerTask } from "../../tasks/answer-task.ts";
import { createTask } from "../../tasks/create-task.ts";
import { selectTaskIds } from "../../tasks/store.ts";
import type { A2aCaller } from "./caller.ts";
import { claimAnswer, releaseAnswer, storeContext } from "./context-store.ts";
import { readTold } from "./follow-task.ts";
import { contextIdOf, type ToldTask } from "./present-task.ts";
import { type ReadMessage, readMessage } from "./read-message.ts";

// A client that tries again does so within minutes.
const dedupeSeconds = 86_400;
const maxNamed = 50;

async function agentNames({ ctx }: A2aCaller): Promise<string[]> {
  const agents = await selectAgents(ctx.db, ctx.actor.projectId, {}, { limit: maxNamed });
  return agents.slice(0, maxNamed).map(({ name }) => name);
}

function noSuchSkill(names: readonly string[]): RequestMalformedError {
  const listed = names.length === 0 ? "there is none yet" : names.join(", ");
  return new RequestMalformedError(`message.metadata.skillId must name the agent that is meant: ${listed}`);
}

// The one agent of a project needs no name.
async function onlyAgent(caller: A2aCaller): Promise<string> {
  const names = await agentNames(caller);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw noSuchSkill(names);
}

// An agent of this hub that is reached over A2A, and is reached at this hub, would else give itself tasks for ever: as the
// child of its task each stands in a chain, which has an end.
async function parentOf({ ctx }: A2aCaller, { text = "", data }: ReadMessage): Promise<string | undefined> {
  const markers = findOriginMarkers(`${text} ${data === undefined ? "" : JSON.stringify(data)}`);
  if (markers === "too_many") throw new RequestMalformedError("The message names too many tasks that led to it");
  const marks = markers.flatMap((marker) => verifyOriginMarker(ctx.originKeys.all, marker) ?? []);
  const [deepest] = marks.toSorted((one, other) => other.depth - one.depth);
  const parent = deepest === undefined ? undefined : fromWireId("task", deepest.taskId);
  if (parent === undefined) return undefined;
  return (await selectTaskIds(ctx.db, ctx.actor.projectId, [parent]))[0];
}

async function create(caller: A2aCaller, message: ReadMessage): Promise<string> {
  const { ctx } = caller;
  // First, for what follows names agents.
  authorise(ctx.actor, "tasks:create");
  const { text, data, messageId } = message;
  const parentTaskId = await parentOf(caller, message);
  const isObject = typeof data === "object" && data !== null && !Array.isArray(data);
  const contextId = message.contextId ?? ctx.newId();
  const request = {
    agent: message.skill ?? (await onlyAgent(caller)),
    input: text ?? JSON.stringify(data),
    ...(data === undefined ? {} : { parameters: isObject ? data : { data } }),
    ...(parentTaskId === undefined ? {} : { parentTaskId }),
    // A message's id is its sender's choice: another one's 1 is another message.
    keys: {
      dedupe: { key: `a2a ${wireActorId(ctx.actor.id)} ${messageId}`, windowSeconds: dedupeSeconds },
      session: contextId,
    },
  };
  const { taskId } = await createTask(ctx, request).catch(async (error: unknown) => {
    const isAgents = error instanceof InvalidError && error.errors?.some(({ path }) => path === "agent") === true;
    throw isAgents ? noSuchSkill(await agentNames(caller)) : error;
  });
  // Not in the task's own transaction: should this process end here, the client's repeat finds the task by its key and
  // stores what is missing.
  await storeContext(ctx.db, ctx.actor.projectId, { taskId, contextId, messageId });
  return taskId;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// People type `{"port": 1}` or `true` as text; where that is what was asked for, it is taken for what it means.
async function answerWith({ ctx }: A2aCaller, taskId: string, { text = "", data }: ReadMessage): Promise<void> {
  if (data !== undefined) return await answerTask(ctx, taskId, data);
  try {
    await answerTask(ctx, taskId, text);
  } catch (error) {
    const value = parsed(text);
    if (!(error instanceof InvalidError) || value === undefined) throw error;
    await answerTask(ctx, taskId, value);
  }
}

async function answer(caller: A2aCaller, taskId: string, message: ReadMessage): Promise<void> {
  const { db } = caller.ctx;
  const { task, context } = await readTold(caller, taskId);
  if (message.contextId !== undefined && message.contextId !== contextIdOf(task, context))
    throw new RequestMalformedError("message.contextId is not that of the task");
  // Before, so that a repeat which comes when the agent has asked again does not answer its next question.
  if (!(await claimAnswer(db, taskId, message.messageId))) return;
  try {
    await answerWith(caller, taskId, message);
  } catch (error) {
    await releaseAnswer(db, taskId, message.messageId);
    throw error;
  }
}

/**
 * Does what a message asks for: a task for the agent that it names, or the answer to the question of one. The same message
 * again does nothing more. Throws what createTask and answerTask throw, and RequestMalformedError for what is no message.
 */
export async function takeMessage(
  caller: A2aCaller,
  request: SendMessageRequest,
  tenant: string | undefined,
): Promise<ToldTask> {
  const message = readMessage(request, tenant);
  const taskId = message.taskId ?? (await create(caller, message));
  if (message.taskId !== undefined) await answer(caller, taskId, message);
  return await readTold(caller, taskId);
}
