import { z } from "zod";
import type { Insertable } from "kysely";
import type { EndpointsTable } from "../platform/tables.ts";
import { endpointFields } from "./endpoint.ts";
import { retryColumns } from "./endpoint-retry.ts";
import { eventTypeColumns } from "../lib/event-type-pattern.ts";

/** What a change of an endpoint may say, but for the switch and the credentials; null clears. */
export const endpointSettings = z.object({
  url: endpointFields.url.exactOptional(),
  eventTypes: endpointFields.eventTypes.nullable().exactOptional(),
  channels: endpointFields.channels.nullable().exactOptional(),
  filter: endpointFields.filter.nullable().exactOptional(),
  headers: endpointFields.headers.exactOptional(),
  concurrency: endpointFields.concurrency.nullable().exactOptional(),
  timeoutSeconds: endpointFields.timeoutSeconds.nullable().exactOptional(),
  retry: endpointFields.retry.nullable().exactOptional(),
  rateLimitPerSecond: endpointFields.rateLimitPerSecond.nullable().exactOptional(),
  signing: endpointFields.signing.nullable().exactOptional(),
  description: endpointFields.description.nullable().exactOptional(),
});

type EndpointSettings = z.infer<typeof endpointSettings>;

/** The columns of what is said. */
export function columnsOf(settings: EndpointSettings): Partial<Insertable<EndpointsTable>> {
  const { url, eventTypes, channels, headers, concurrency, timeoutSeconds, retry, signing, description } = settings;
  const { filter, rateLimitPerSecond } = settings;
  return {
    ...(url === undefined ? {} : { url }),
    ...(eventTypes === undefined ? {} : eventTypeColumns(eventTypes)),
    ...(channels === undefined ? {} : { channels }),
    ...(filter === undefined ? {} : { filter: filter === null ? null : JSON.stringify(filter) }),
    ...(headers === undefined ? {} : { headers: JSON.stringify(headers) }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(timeoutSeconds === undefined ? {} : { timeout_seconds: timeoutSeconds }),
    ...(retry === undefined ? {} : retryColumns(retry)),
    ...(rateLimitPerSecond === undefined ? {} : { rate_limit_per_second: rateLimitPerSecond }),
    ...(signing === undefined ? {} : { signing: signing === null ? null : JSON.stringify(signing) }),
    ...(description === undefined ? {} : { description }),
  };
}
