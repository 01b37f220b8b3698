import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type EventType, presentEventType } from "./event-type.ts";
import { selectEventTypes } from "./event-type-store.ts";

/** A page of the catalogue, by name. */
interface EventTypePage {
  readonly data: readonly EventType[];
  /** The name after which the next page starts. */
  readonly nextCursor?: string;
}

/** The project's event types, by name. */
export async function listEventTypes(
  ctx: Context,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<EventTypePage> {
  authorise(ctx.actor, "eventTypes:read");
  const rows = await selectEventTypes(ctx.db, ctx.actor.projectId, { limit, after: cursor });
  const data = rows.slice(0, limit).map(presentEventType);
  const last = data.at(-1);
  return last === undefined || rows.length <= limit ? { data } : { data, nextCursor: last.name };
}
