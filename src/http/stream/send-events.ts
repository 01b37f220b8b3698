import type { Response } from "express";

/** One event as it is told: its id, by which a client resumes, its type, and what it says. */
interface ToldEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
}

// Proxies close what is silent for a minute.
const quietMs = 15_000;

function textOf({ id, type, data }: ToldEvent): string {
  // JSON has no line break outside of strings, and escapes it inside.
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
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

/**
 * Answers with server-sent events (HTML, §9.2) for as long as there are batches, an empty one of which says that nothing
 * happened. What the first batch throws is an answer of its own: the head goes out after it.
 */
export async function sendEvents(response: Response, batches: AsyncGenerator<readonly ToldEvent[]>): Promise<void> {
  const first = await batches.next();
  response.writeHead(200, {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  });
  await write(response, ": hello\n\n");
  if (first.done !== true && first.value.length > 0) await write(response, first.value.map(textOf).join(""));
  let lastMs = performance.now();
  for await (const batch of batches) {
    const isQuiet = batch.length === 0 && performance.now() - lastMs > quietMs;
    if (batch.length === 0 && !isQuiet) continue;
    await write(response, isQuiet ? ": still here\n\n" : batch.map(textOf).join(""));
    lastMs = performance.now();
  }
  response.end();
}
