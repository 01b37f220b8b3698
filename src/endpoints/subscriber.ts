import { z } from "zod";
import { fromWireId, toWireId } from "../lib/ids.ts";
import { displayName, storableText } from "../lib/storable-text.ts";
import type { SubscriberRow } from "./store.ts";

/** What can be said of a subscriber. */
export const subscriberFields = {
  name: displayName,
  externalId: storableText(256).min(1).describe("Your own id of the subscriber; unique within the project."),
};

/** A subscriber as the API shows it. */
export const subscriberSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    externalId: z.string().exactOptional(),
    isDefault: z.boolean().describe("Whether endpoints that name no subscriber belong to this one."),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "Subscriber" });

export type Subscriber = z.infer<typeof subscriberSchema>;

/** The public form of a stored subscriber. */
export function presentSubscriber(row: SubscriberRow): Subscriber {
  return {
    id: toWireId("subscriber", row.id),
    name: row.name,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    isDefault: row.is_default,
    createdAt: row.created_at.toISOString(),
  };
}

/** Names a subscriber by its id, which becomes its uuid, or by the external id that its maker gave it. */
export const subscriberName = storableText(256)
  .min(1)
  .transform((name) => fromWireId("subscriber", name) ?? name);
