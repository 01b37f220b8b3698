import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import type { FullMessageRow, MessageRow } from "./store.ts";

const messageShape = z.object({
  id: z.string().describe("Also the webhook-id of its deliveries."),
  type: z.string(),
  subscriberId: z.string().exactOptional().describe("Only this subscriber's endpoints get it."),
  taskId: z.string().exactOptional().describe("The task that it tells of."),
  channels: z.array(z.string()).exactOptional().describe("What it is about: see the channels of endpoints."),
  externalId: z.string().exactOptional().describe("The id that its publisher gave it."),
  createdAt: z.iso.datetime(),
  erasedAt: z.iso.datetime().exactOptional().describe("When what it said was erased."),
});

/** A message as lists show it. */
export const messageSchema = messageShape.meta({ id: "Message" });

/** A message with what it says. */
export const messageDetailSchema = messageShape
  .extend({ data: jsonObjectSchema.describe("What the endpoints get as `data`.") })
  .meta({ id: "MessageDetail" });

export type Message = z.infer<typeof messageSchema>;
export type MessageDetail = z.infer<typeof messageDetailSchema>;

/** The public form of a stored message, without what it says. */
export function presentMessage(row: MessageRow): Message {
  return {
    id: toWireId("message", row.id),
    type: row.type,
    ...(row.subscriber_id === null ? {} : { subscriberId: toWireId("subscriber", row.subscriber_id) }),
    ...(row.task_id === null ? {} : { taskId: toWireId("task", row.task_id) }),
    ...(row.channels === null ? {} : { channels: row.channels }),
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    createdAt: row.created_at.toISOString(),
    ...(row.erased_at === null ? {} : { erasedAt: row.erased_at.toISOString() }),
  };
}

/** The `data` of a stored message. */
export function messageData(row: FullMessageRow): MessageDetail["data"] {
  const body = JSON.parse(row.payload.toString("utf8")) as { readonly data: MessageDetail["data"] };
  return body.data;
}

/** The public form of a stored message with what it says. */
export function presentMessageDetail(row: FullMessageRow): MessageDetail {
  return { ...presentMessage(row), data: messageData(row) };
}
