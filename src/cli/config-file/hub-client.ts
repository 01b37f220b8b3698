import { setTimeout as delay } from "node:timers/promises";
import { type FieldError, HubError } from "../../lib/errors.ts";
import { type ApiClient, openApiClient } from "../api-client.ts";
import type { Fields } from "./kinds.ts";

// The hub counts requests over ten seconds.
const maxTries = 8;
const waitMs = 2_000;
const pageSize = 200;

interface Problem {
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
}

interface Page {
  readonly data: readonly Fields[];
  readonly nextCursor?: string;
}

/** What a hub refused, with its own words. */
export class RefusedCallError extends HubError {
  readonly code: string;
  readonly status: number;

  constructor(status: number, { code = "unknown", detail = "is this a hub's URL?", errors }: Problem) {
    super(`the hub answered ${status} (${code}): ${detail}`, errors === undefined ? {} : { errors });
    this.code = code;
    this.status = status;
  }
}

/** The admin API of a running hub, as far as a configuration needs it. */
export class HubClient {
  readonly url: string;
  readonly #call: ApiClient;

  /** Throws UsageError for what is no URL, and without a key. */
  constructor(url: string, key: string | undefined) {
    this.url = url;
    this.#call = openApiClient({ HOOKYARD_URL: url, HOOKYARD_API_KEY: key });
  }

  /** Everything that a list has, newest first. */
  async list(path: string): Promise<readonly Fields[]> {
    const all: Fields[] = [];
    for (let cursor: string | undefined; ;) {
      const query = `?limit=${pageSize}${cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
      const { data, nextCursor } = (await this.call("GET", path + query)) as unknown as Page;
      all.push(...data);
      if (nextCursor === undefined) return all;
      cursor = nextCursor;
    }
  }

  /** Throws RefusedCallError with what the hub said; what it has no time for is tried again. */
  async call(method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: Fields): Promise<Fields> {
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#call(method, path, body);
      if (answer.status < 300) return (answer.body ?? {}) as Fields;
      const isBusy = answer.status === 429 || answer.status === 503;
      if (!isBusy || tries === maxTries) throw new RefusedCallError(answer.status, answer.body ?? {});
      await delay(waitMs);
    }
  }
}
