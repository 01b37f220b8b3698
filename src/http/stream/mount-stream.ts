import type { Response, Router } from "express";
import type { Context } from "../../access/context.ts";
import { parseInput } from "../../lib/parse-input.ts";
import { followNews } from "../../stream/follow-news.ts";
import type { News } from "../../stream/news.ts";
import type { OperationHost } from "../mount-operations.ts";
import { stateOf } from "../request-state.ts";
import type { StreamPlaces } from "./stream-places.ts";
import { lastEventIdHeader, streamQuery } from "./stream-query.ts";

/** Where the stream of server-sent events is. */
export const streamPath = "/api/v1/stream";

// Proxies close what is silent for a minute.
const quietMs = 15_000;

function eventOf({ id, type, timestamp, data }: News): string {
  // JSON has no line break outside of strings, and escapes it inside.
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ type, timestamp, data })}\n\n`;
}

async function write(response: Response, text: string): Promise<void> {
  if (response.write(text) || response.destroyed) return;
  // A client that does not read must not fill the memory: nothing more is read for it until it does.
  await new Promise<void>((resolve) => {
    const go = (): void => {
      response.off("drain", go).off("close", go);
      resolve();
    };
    response.once("drain", go).once("close", go);
  });
}

async function send(response: Response, batches: AsyncGenerator<readonly News[]>): Promise<void> {
  let lastMs = performance.now();
  for await (const batch of batches) {
    const isQuiet = batch.length === 0 && performance.now() - lastMs > quietMs;
    if (batch.length === 0 && !isQuiet) continue;
    await write(response, isQuiet ? ": still here\n\n" : batch.map(eventOf).join(""));
    lastMs = performance.now();
  }
}

/** Mounts the stream of what happens in a project, for operators: server-sent events (HTML, §9.2), resumable. */
export function mountStream(router: Router, host: OperationHost, places: StreamPlaces): void {
  router.get(
    streamPath,
    (_request, response, next) => {
      stateOf(response).path = streamPath;
      next();
    },
    host.authentication.requireBearer,
    host.authentication.limitRate,
    async (request, response) => {
      const { actor } = stateOf(response);
      if (actor === undefined) throw new Error("The stream was reached without authentication");
      const { types, lastEventId } = parseInput(streamQuery, request.query);
      const after = parseInput(lastEventIdHeader, request.get("last-event-id")) ?? lastEventId;
      const ctx: Context = { ...host.services, actor };
      const signal = host.signalOf(response);
      const batches = followNews(ctx, { after, types, signal });
      const leave = places.take();
      try {
        // Before the head goes out: what refuses the actor, or fails, is an answer of its own.
        const first = await batches.next();
        response.writeHead(200, {
          "Content-Type": "text/event-stream; charset=utf-8",
          "Cache-Control": "no-store",
          "X-Accel-Buffering": "no",
        });
        await write(response, ": hello\n\n");
        if (first.done !== true && first.value.length > 0) await write(response, first.value.map(eventOf).join(""));
        await send(response, batches);
        response.end();
      } finally {
        leave();
      }
    },
  );
}
