import { type ListTasksRequest, type ListTasksResponse, TaskState } from "@a2a-js/sdk";
import { RequestMalformedError } from "@a2a-js/sdk/errors";
import { authorise } from "../../access/actor.ts";
import { decodeCursor, type Page, pageOf } from "../../lib/cursor.ts";
import { fromWireId } from "../../lib/ids.ts";
import type { PageRequest } from "../../lib/page-request.ts";
import { listTasks } from "../../tasks/list-tasks.ts";
import { selectTasksById } from "../../tasks/store.ts";
import { presentTaskSummary, type TaskSummary } from "../../tasks/task.ts";
import type { A2aCaller } from "./caller.ts";
import { selectContexts, selectTasksOfContext } from "./context-store.ts";
import { readTold } from "./follow-task.ts";
import { hubStateOf, presentA2aTask, presentListed } from "./present-task.ts";
import { readId } from "./read-message.ts";

const usualPageSize = 50;
const maxPageSize = 100;
// Each is read with what came of it, of which some have megabytes.
const maxFullPageSize = 20;
const lastId = "ffffffff-ffff-ffff-ffff-ffffffffffff";

function readPage({ pageSize = usualPageSize, pageToken, includeArtifacts = false }: ListTasksRequest): PageRequest {
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > maxPageSize)
    throw new RequestMalformedError(`pageSize must be between 1 and ${maxPageSize}`);
  const cursor = pageToken === "" ? undefined : decodeCursor("task", pageToken);
  if (pageToken !== "" && cursor === undefined)
    throw new RequestMalformedError("pageToken must be the nextPageToken of an earlier page");
  return { limit: includeArtifacts ? Math.min(pageSize, maxFullPageSize) : pageSize, cursor };
}

function readState(status: TaskState): string | undefined {
  if (status === TaskState.TASK_STATE_UNSPECIFIED) return undefined;
  const state = hubStateOf(status);
  if (state === undefined) throw new RequestMalformedError("status must be a state of a task");
  return state;
}

function readMoment(text: string | undefined): number | undefined {
  const atMs = text === undefined || text === "" ? undefined : Date.parse(text);
  if (Number.isNaN(atMs)) throw new RequestMalformedError("statusTimestampAfter must be a time in ISO 8601");
  return atMs;
}

async function tasksOfContext(
  { ctx }: A2aCaller,
  contextId: string,
  state: string | undefined,
  { limit, cursor }: PageRequest,
): Promise<Page<TaskSummary>> {
  authorise(ctx.actor, "tasks:read");
  const { projectId } = ctx.actor;
  const found = await selectTasksOfContext(ctx.db, projectId, { contextId, state, before: cursor ?? lastId, limit });
  // A task that no client made is a conversation of its own.
  const own = found.length === 0 && cursor === undefined ? fromWireId("task", contextId) : undefined;
  const isOther = own === undefined || (await selectContexts(ctx.db, [own])).has(own);
  const rows = await selectTasksById(ctx.db, projectId, isOther ? found : [own]);
  const tasks = rows.toReversed().map(presentTaskSummary);
  return pageOf(
    tasks.filter((task) => state === undefined || task.state === state),
    limit,
    (task) => task.id,
  );
}

/**
 * A page of the project's tasks, or of those of one conversation, the newest first. Nobody counts them: `totalSize` is how
 * many are known to be there, this page and one more where there is a next one.
 */
export async function listA2aTasks(caller: A2aCaller, request: ListTasksRequest): Promise<ListTasksResponse> {
  const { ctx } = caller;
  const page = readPage(request);
  const state = readState(request.status);
  const afterMs = readMoment(request.statusTimestampAfter);
  const contextId = readId("contextId", request.contextId);
  const { data, nextCursor } =
    contextId === undefined
      ? await listTasks(ctx, { state }, page)
      : await tasksOfContext(caller, contextId, state, page);
  // Of a page, so that one may be short though more follow.
  const wanted = data.filter((task) => afterMs === undefined || Date.parse(task.updatedAt) > afterMs);
  const ids = wanted.map((task) => fromWireId("task", task.id) ?? "");
  const contexts = await selectContexts(ctx.db, ids);
  const tasks = wanted.map((task, index) => presentListed(task, contexts.get(ids[index] ?? "")));
  if (request.includeArtifacts === true)
    for (const [index, id] of ids.entries()) tasks[index] = presentA2aTask(await readTold(caller, id), 0);
  return {
    tasks,
    nextPageToken: nextCursor ?? "",
    pageSize: page.limit,
    totalSize: data.length + (nextCursor === undefined ? 0 : 1),
  };
}
