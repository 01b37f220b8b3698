import type { Router } from "express";
import type { Context } from "../../access/context.ts";
import { parseInput } from "../../lib/parse-input.ts";
import { followNews } from "../../stream/follow-news.ts";
import type { News } from "../../stream/news.ts";
import type { OperationHost } from "../mount-operations.ts";
import { namePath } from "../name-path.ts";
import { stateOf } from "../request-state.ts";
import { sendEvents } from "./send-events.ts";
import type { StreamPlaces } from "./stream-places.ts";
import { lastEventIdHeader, streamQuery } from "./stream-query.ts";

/** Where the stream of server-sent events is. */
export const streamPath = "/api/v1/stream";

async function* told(batches: AsyncGenerator<readonly News[]>) {
  for await (const batch of batches)
    yield batch.map(({ id, type, timestamp, data }) => ({ id, type, data: { type, timestamp, data } }));
}

/** Mounts the stream of what happens in a project, for operators: server-sent events (HTML, §9.2), resumable. */
export function mountStream(router: Router, host: OperationHost, places: StreamPlaces): void {
  router.get(
    streamPath,
    namePath(streamPath),
    host.authentication.requireBearer,
    host.authentication.limitRate,
    async (request, response) => {
      const { actor } = stateOf(response);
      if (actor === undefined) throw new Error("The stream was reached without authentication");
      const { types, lastEventId } = parseInput(streamQuery, request.query);
      const headers = parseInput(lastEventIdHeader, { "Last-Event-ID": request.get("last-event-id") });
      const after = headers["Last-Event-ID"] ?? lastEventId;
      const ctx: Context = { ...host.services, actor };
      const signal = host.signalOf(response);
      const batches = followNews(ctx, { after, types, signal });
      const leave = places.take();
      try {
        await sendEvents(response, told(batches));
      } finally {
        leave();
      }
    },
  );
}
