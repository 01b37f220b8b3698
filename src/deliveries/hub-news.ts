import type { Transaction } from "../platform/database.ts";
import { toWireId } from "../lib/ids.ts";

/** Something to tell those whom an endpoint is of; the composition root says how. */
export interface HubNews {
  readonly projectId: string;
  readonly type: "endpoint.disabled" | "endpoint.failing" | "endpoint.recovered" | "message.failed";
  readonly data: object;
  /** Whose endpoint it is about: nobody else's business but the project's own. */
  readonly subscriberId: string;
  /** The project's default subscriber. */
  readonly alsoSubscriberId?: string;
  /** The endpoint that it is about. */
  readonly exceptEndpointId: string;
}

/** Tells them, in the caller's transaction. */
export type Tell = (tx: Transaction, news: readonly HubNews[]) => Promise<unknown>;

/** An endpoint, and who hears of it. */
export interface NewsOfEndpoint {
  readonly id: string;
  readonly project_id: string;
  readonly subscriber_id: string;
  readonly url: string;
  readonly default_subscriber_id: string | null;
}

const selectEndpoints = {
  name: "endpoints_in_the_news",
  text: `SELECT e.id, e.project_id, e.subscriber_id, e.url,
                (SELECT s.id FROM subscribers s WHERE s.project_id = e.project_id AND s.is_default) AS default_subscriber_id
         FROM endpoints e WHERE e.id = ANY ($1) AND e.deleted_at IS NULL`,
};

/** What news of these endpoints need to say, and to whom. */
export async function selectNewsOfEndpoints(
  tx: Transaction,
  endpointIds: readonly string[],
): Promise<Map<string, NewsOfEndpoint>> {
  if (endpointIds.length === 0) return new Map();
  const rows = await tx.query<NewsOfEndpoint>(selectEndpoints, [endpointIds]);
  return new Map(rows.map((row) => [row.id, row]));
}

/** News of an endpoint: its id and URL, and what more there is to say. */
export function newsOf(
  endpoint: NewsOfEndpoint,
  type: HubNews["type"],
  more: { readonly endpoint?: object; readonly [name: string]: object | undefined },
): HubNews {
  const { endpoint: details, ...rest } = more;
  return {
    projectId: endpoint.project_id,
    type,
    data: { endpoint: { id: toWireId("endpoint", endpoint.id), url: endpoint.url, ...details }, ...rest },
    subscriberId: endpoint.subscriber_id,
    ...(endpoint.default_subscriber_id === null ? {} : { alsoSubscriberId: endpoint.default_subscriber_id }),
    exceptEndpointId: endpoint.id,
  };
}
