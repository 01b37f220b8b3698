import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { channelList } from "../endpoints/channel.ts";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, InvalidError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { storableText } from "../lib/storable-text.ts";
import type { Transaction } from "../platform/database.ts";
import { announce } from "./announce.ts";
import { eventTypeName } from "./event-type.ts";
import { findSubscriberId } from "../endpoints/store.ts";
import { subscriberName } from "../endpoints/subscriber.ts";
import { isUuid } from "../lib/ids.ts";
import { compileEventSchema } from "./event-schema.ts";
import { selectEventType } from "./event-type-store.ts";
import { messageData, type MessageDetail, presentMessageDetail } from "./message.ts";
import { type FullMessageRow, hasSubscriber, selectMessage } from "./store.ts";

export const newMessage = z
  .strictObject({
    type: eventTypeName.describe("E.g. `invoice.paid`. Endpoints choose by it."),
    data: jsonObjectSchema.describe("Sent to the endpoints as it is."),
    subscriberId: subscriberName
      .exactOptional()
      .describe("The id or external id: only this subscriber's endpoints get it. Absent: those of all."),
    channels: channelList
      .exactOptional()
      .describe("What it is about. Endpoints that name channels get it only on one of theirs."),
    id: storableText(256)
      .min(1)
      .exactOptional()
      .describe("The publisher's own id: a second message with it is not sent, and answers with the first."),
  })
  .meta({ id: "NewMessage" });

export type NewMessage = z.infer<typeof newMessage>;

// Compared as it was stored: -0 became 0 there.
function isSame(row: FullMessageRow, { type, subscriberId, channels, data }: NewMessage): boolean {
  const sent: unknown = JSON.parse(JSON.stringify([data, channels ?? null]));
  const hasSameHead = row.type === type && row.subscriber_id === (subscriberId ?? null);
  return hasSameHead && isDeepStrictEqual([messageData(row), row.channels], sent);
}

async function firstOf(
  tx: Transaction,
  projectId: string,
  externalId: string,
  input: NewMessage,
): Promise<FullMessageRow> {
  const first = await selectMessage(tx, { projectId }, { externalId });
  if (first === undefined) throw new Error("a message that was in the way is gone");
  if (isSame(first, input)) return first;
  throw new ConflictError("message_exists", "There is a message with this id and another content already");
}

/** Throws InvalidError for data that do not fit the schema of their type, when the catalogue has one. */
async function requireFit(ctx: Context, { type, data }: NewMessage): Promise<void> {
  const row = await selectEventType(ctx.db, ctx.actor.projectId, type);
  if (row === undefined || row.schema === null) return;
  const compiled = compileEventSchema(row.schema as object);
  if (!compiled.ok) throw new Error(`a stored schema does not compile: ${compiled.message}`);
  const errors = compiled.validate(data);
  if (errors.length > 0) throw new InvalidError(`data does not fit the schema of ${type}`, errors, "schema_mismatch");
}

function noSuchSubscriber(): InvalidError {
  const message = "must be the id or external id of a subscriber of this project";
  return new InvalidError(`subscriberId ${message}`, [{ path: "subscriberId", message }]);
}

// A uuid that is none of a subscriber that is there may be that of one that was: see below.
async function receiverOf({ db, actor }: Context, { subscriberId }: NewMessage): Promise<string | undefined> {
  if (subscriberId === undefined) return undefined;
  const found = await findSubscriberId(db, actor.projectId, subscriberId);
  if (found !== undefined) return found;
  if (isUuid(subscriberId)) return subscriberId;
  throw noSuchSubscriber();
}

/**
 * Stores a message with its deliveries. A second one with the same `id` and content answers with the first. Throws
 * ConflictError `message_exists` for the same id with another content, InvalidError for an unknown subscriber, and
 * `schema_mismatch` for data that do not fit the schema of their type.
 */
export async function publishMessage(ctx: Context, input: NewMessage): Promise<MessageDetail> {
  authorise(ctx.actor, "messages:publish");
  await requireFit(ctx, input);
  const { projectId } = ctx.actor;
  const { type, data, channels, id: externalId } = input;
  const subscriberId = await receiverOf(ctx, input);
  const announcement = {
    projectId,
    type,
    data,
    ...(subscriberId === undefined ? {} : { subscriberId }),
    ...(channels === undefined ? {} : { channels }),
    ...(externalId === undefined ? {} : { externalId }),
  };
  return await ctx.db.transaction(async (tx) => {
    const [id] = await announce(tx, ctx, [announcement]);
    if (id === undefined && externalId !== undefined)
      return presentMessageDetail(await firstOf(tx, projectId, externalId, { ...input, ...announcement }));
    // After the look for an earlier one, so that a repeat is answered even when the subscriber has been deleted since.
    if (subscriberId !== undefined && !(await hasSubscriber(tx, projectId, subscriberId))) throw noSuchSubscriber();
    const row = id === undefined ? undefined : await selectMessage(tx, { projectId }, { id });
    if (row === undefined) throw new Error("a stored row is gone");
    await recordAudit(ctx, tx, { action: "message.publish", target: toWireId("message", row.id), detail: { type } });
    return presentMessageDetail(row);
  });
}
