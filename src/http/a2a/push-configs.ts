import { A2A_PROTOCOL_VERSION, type TaskPushNotificationConfig } from "@a2a-js/sdk";
import { RequestMalformedError } from "@a2a-js/sdk/errors";
import { authorise } from "../../access/actor.ts";
import { recordAudit } from "../../access/audit.ts";
import type { Context } from "../../access/context.ts";
import { NotFoundError } from "../../lib/errors.ts";
import { toWireId } from "../../lib/ids.ts";
import type { SecretBox } from "../../platform/secret-box.ts";
import { selectTaskIds } from "../../tasks/store.ts";
import { readId } from "./read-message.ts";
import { deletePushConfig, type PushConfigRow, selectPushConfigs, storePushConfig } from "./push-store.ts";

/** What a config's receiver is shown. */
export interface PushSecrets {
  readonly token: string;
  readonly scheme: string;
  readonly credentials: string;
}

const maxConfigs = 10;
const maxSecretCharacters = 4_096;
const maxUrlCharacters = 2_048;

function bindingOf({ task_id, id, project_id }: Pick<PushConfigRow, "task_id" | "id" | "project_id">) {
  return { projectId: project_id, object: "a2a_push_config" as const, id: `${task_id}/${id}`, version: 1 };
}

/** What is shown to a config's receiver, in clear. Throws UnavailableError `secret_unreadable` without its master key. */
export function openPushSecrets(box: SecretBox, row: PushConfigRow): PushSecrets {
  if (row.sealed === null) return { token: "", scheme: "", credentials: "" };
  return JSON.parse(box.open(bindingOf(row), row.sealed).toString()) as PushSecrets;
}

function requireHeaderText(name: string, text: string): void {
  if (text.length > maxSecretCharacters || !/^[\x20-\x7e]*$/.test(text))
    throw new RequestMalformedError(`${name} must be printable ASCII of at most ${maxSecretCharacters} characters`);
}

/**
 * Throws ForbiddenError for whoever may not have tasks told to others, RequestMalformedError for a config that cannot be
 * stored: a URL that may not be called, a token that is no header's.
 */
export function requirePushConfig(ctx: Context, { url, token, authentication, id }: TaskPushNotificationConfig): void {
  authorise(ctx.actor, "tasks:create");
  if (url.length > maxUrlCharacters) throw new RequestMalformedError("url is too long");
  const checked = ctx.outbound.checkUrl(url);
  if (!checked.ok) throw new RequestMalformedError(`url ${checked.reason}`);
  requireHeaderText("token", token);
  requireHeaderText("authentication.scheme", authentication?.scheme ?? "");
  requireHeaderText("authentication.credentials", authentication?.credentials ?? "");
  readId("id", id);
}

async function requireTask(ctx: Context, taskId: string): Promise<void> {
  const [known] = await selectTaskIds(ctx.db, ctx.actor.projectId, [taskId]);
  if (known === undefined) throw new NotFoundError("There is no such task in this project.");
}

/**
 * Has a URL called when a task changes, with the token and the credentials that are kept sealed for it. Throws what
 * requirePushConfig throws, NotFoundError for another project's task, and RequestMalformedError for the eleventh.
 */
export async function createPushConfig(
  ctx: Context,
  taskId: string,
  config: TaskPushNotificationConfig,
  version: string,
): Promise<TaskPushNotificationConfig> {
  requirePushConfig(ctx, config);
  await requireTask(ctx, taskId);
  const { projectId: project_id } = ctx.actor;
  const id = config.id === "" ? ctx.newId() : config.id;
  const others = (await selectPushConfigs(ctx.db, project_id, taskId)).filter((row) => row.id !== id);
  if (others.length >= maxConfigs) throw new RequestMalformedError(`A task may have ${maxConfigs} configs`);
  const { token, authentication, url } = config;
  const row = { task_id: taskId, id, project_id };
  const secrets: PushSecrets = {
    token,
    scheme: authentication?.scheme ?? "",
    credentials: authentication?.credentials ?? "",
  };
  const sealed = ctx.secretBox.seal(bindingOf(row), JSON.stringify(secrets));
  await ctx.db.transaction(async (tx) => {
    const at = new Date(ctx.clock.now());
    await storePushConfig(tx, { ...row, url, sealed, version: version === A2A_PROTOCOL_VERSION ? "1.0" : "0.3", at });
    await recordAudit(ctx, tx, { action: "a2a.push_config.create", target: toWireId("task", taskId) });
  });
  return { ...config, id, taskId: toWireId("task", taskId) };
}

// The token and the credentials are for the receiver alone.
function presentConfig(row: PushConfigRow): TaskPushNotificationConfig {
  const { id, url } = row;
  return { tenant: "", id, taskId: toWireId("task", row.task_id), url, token: "", authentication: undefined };
}

/** A task's configs, without their secrets. */
export async function listPushConfigs(ctx: Context, taskId: string): Promise<TaskPushNotificationConfig[]> {
  authorise(ctx.actor, "tasks:read");
  await requireTask(ctx, taskId);
  return (await selectPushConfigs(ctx.db, ctx.actor.projectId, taskId)).map(presentConfig);
}

/** One config of a task. Throws NotFoundError when it has none of this id. */
export async function getPushConfig(ctx: Context, taskId: string, id: string): Promise<TaskPushNotificationConfig> {
  const found = (await listPushConfigs(ctx, taskId)).find((config) => config.id === id);
  if (found === undefined) throw new NotFoundError("The task has no such push notification config.");
  return found;
}

/** Has a URL called no more. Nothing happens when it was not. */
export async function removePushConfig(ctx: Context, taskId: string, id: string): Promise<void> {
  authorise(ctx.actor, "tasks:create");
  await requireTask(ctx, taskId);
  const known = readId("id", id);
  if (known !== undefined) await deletePushConfig(ctx.db, ctx.actor.projectId, taskId, known);
}
