import { UnavailableError } from "../lib/errors.ts";
import { UsageError } from "./usage-error.ts";

/** An answer of a hub's API. */
export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON; undefined when there was none. */
  readonly body: unknown;
}

/** Calls the API of a running hub. Rejects when the hub cannot be reached; a refusal is an answer. */
export type ApiClient = (
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: object | Buffer<ArrayBuffer>,
  contentType?: string,
) => Promise<ApiAnswer>;

const timeoutMs = 60_000;

function parse(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A client of the hub that HOOKYARD_URL names (http://localhost:3000 when absent), with the key in HOOKYARD_API_KEY. */
export function openApiClient(environment: Readonly<Record<string, string | undefined>>): ApiClient {
  const given = environment["HOOKYARD_URL"] || "http://localhost:3000";
  const key = environment["HOOKYARD_API_KEY"];
  if (!URL.canParse(given)) throw new UsageError("HOOKYARD_URL is not a URL.");
  if (key === undefined || key === "") throw new UsageError("Set HOOKYARD_API_KEY to a key of the hub.");
  const base = given.replace(/\/+$/, "");
  return async (method, path, body, contentType = "application/json") => {
    const response = await fetch(base + path, {
      method,
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": contentType }) },
      ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      const message = `The hub at ${base} cannot be reached; is HOOKYARD_URL right?`;
      throw new UnavailableError("hub_unreachable", message, { cause });
    });
    return { status: response.status, body: parse(await response.text()) };
  };
}
