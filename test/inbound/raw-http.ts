import { once } from "node:events";
import { connect } from "node:net";

/** A header as it goes over the wire, in its place. */
export type Header = readonly [name: string, value: string];

/** An answer, byte for byte where it matters. */
export interface RawAnswer {
  readonly status: number;
  /** The header lines as they came. */
  readonly headerLines: readonly string[];
  readonly body: string;
}

/** The value of a header of an answer; undefined when there is none. */
export function headerOf({ headerLines }: RawAnswer, name: string): string | undefined {
  const line = headerLines.find((each) => each.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line?.slice(line.indexOf(":") + 1).trim();
}

function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [statusLine = "", ...headerLines] = text.slice(0, end === -1 ? undefined : end).split("\r\n");
  const body = end === -1 ? "" : text.slice(end + 4);
  return { status: Number(statusLine.split(" ")[1]), headerLines, body };
}

/**
 * Writes bytes to a server as they are, which no client library would do, and reads until the server closes the
 * connection. An answer without a status means that it closed without a word.
 */
export async function exchange(url: string, ...parts: readonly (string | Buffer)[]): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  // A server may close while we write; what it said before is read all the same.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  for (const part of parts) socket.write(part);
  await once(socket, "close");
  return parseAnswer(Buffer.concat(chunks).toString());
}

/** Writes a part of a request and goes away once the server has had the time to read it. */
export async function abandon(url: string, ...parts: readonly (string | Buffer)[]): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  for (const part of parts) await new Promise((resolve) => socket.write(part, resolve));
  await new Promise((resolve) => setImmediate(resolve));
  socket.resetAndDestroy();
}

/** The bytes of a request's line and headers, with nothing added but Host. */
export function headOf(method: string, url: string, headers: readonly Header[]): Buffer {
  const { host, pathname, search } = new URL(url);
  const lines = [`${method} ${pathname}${search} HTTP/1.1`, `Host: ${host}`];
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** One request on a connection of its own. */
export async function request(
  method: string,
  url: string,
  headers: readonly Header[] = [],
  body?: Buffer,
): Promise<RawAnswer> {
  const length: Header[] = body === undefined ? [] : [["Content-Length", String(body.length)]];
  const head = headOf(method, url, [...headers, ...length, ["Connection", "close"]]);
  return await exchange(url, head, body ?? "");
}
