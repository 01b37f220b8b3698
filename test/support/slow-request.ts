import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";

/** A POST that the server has begun to read, and whose last byte is held back. */
interface SlowRequest extends Disposable {
  /** Sends the last byte and resolves with the answer. Rejects when the connection was closed before. */
  finish(): Promise<{ readonly status: number; readonly body: string; readonly connection: string | undefined }>;
}

/** The headers of a JSON call with this credential. */
export function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}`, "content-type": "application/json" };
}

/** Begins a request on a connection of its own; resolves when the server has its headers. */
export async function beginRequest(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<SlowRequest> {
  const bytes = Buffer.from(body);
  const request = httpRequest(url, {
    method: "POST",
    agent: false,
    headers: { ...headers, "content-length": bytes.length, expect: "100-continue" },
  });
  const answered = once(request, "response").then(async ([response]: IncomingMessage[]) => {
    let text = "";
    for await (const chunk of response?.setEncoding("utf8") ?? []) text += String(chunk);
    return { status: response?.statusCode ?? 0, body: text, connection: response?.headers.connection };
  });
  answered.catch(() => undefined);
  request.flushHeaders();
  await once(request, "continue");
  request.write(bytes.subarray(0, -1));
  return {
    finish: async () => {
      request.end(bytes.subarray(-1));
      return await answered;
    },
    [Symbol.dispose]: () => void request.destroy(),
  };
}
