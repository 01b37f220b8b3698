import type { OrderByItemBuilder } from "kysely";

/**
 * The order of a list of a large table, by its UUIDv7 ids. NULLS LAST, as in the indexes that serve such lists, since no
 * primary key can give that order: Postgres would walk it backwards, past the rows of everyone else, whenever it takes what
 * is asked for to be frequent. Looking for 4 failed deliveries among 60,000 it read all of them.
 */
export function newestFirst(order: OrderByItemBuilder): OrderByItemBuilder {
  return order.desc().nullsLast();
}
