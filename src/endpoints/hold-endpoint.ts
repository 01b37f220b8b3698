import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import type { Transaction } from "../platform/database.ts";
import { type EndpointRow, selectEndpoint } from "./store.ts";

/** An endpoint of the project, kept as it is until the transaction ends. Throws NotFoundError when the project has none. */
export async function holdEndpoint(ctx: Context, tx: Transaction, id: string): Promise<EndpointRow> {
  const endpoint = await selectEndpoint(tx, ctx.actor, id, "update");
  if (endpoint === undefined) throw new NotFoundError("There is no such endpoint in this project");
  return endpoint;
}
