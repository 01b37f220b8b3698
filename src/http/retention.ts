import { getRetention } from "../events/get-retention.ts";
import { retentionChange, retentionSchema } from "../events/retention.ts";
import { setRetention } from "../events/set-retention.ts";
import { type Operation, operation } from "./operation.ts";

const tag = "Retention";
const path = "/api/v1/retention";

/** The calls on how long the project keeps what has ended. */
export const retentionOperations: readonly Operation[] = [
  operation({
    method: "get",
    path,
    summary: "Read how long the project keeps what has ended",
    tag,
    responses: { 200: { description: "The setting that counts.", schema: retentionSchema } },
    handle: async (ctx) => ({ status: 200, body: await getRetention(ctx) }),
  }),
  operation({
    method: "put",
    path,
    summary: "Set how long the project keeps what has ended",
    tag,
    body: retentionChange,
    responses: { 200: { description: "The setting that counts.", schema: retentionSchema } },
    handle: async (ctx, { body }) => ({ status: 200, body: await setRetention(ctx, body) }),
  }),
];
