import { fromWireId } from "../lib/ids.ts";
import type { Executor } from "../platform/database.ts";

/** Something that may name a subscriber, by wire id or external id. */
interface Naming {
  readonly projectId: string;
  readonly subscriber: string | undefined;
}

const selectNamed = {
  name: "select_named_subscribers",
  text: `SELECT i.place, s.id
         FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::text[]) AS i (place, project_id, id, external_id)
         JOIN subscribers s ON s.project_id = i.project_id AND s.deleted_at IS NULL
           AND (s.id = i.id OR s.external_id = i.external_id)`,
};

/** The uuids of the subscribers of their projects that these name; missing where none is named, or there is no such one. */
export async function resolveSubscribers<Named extends Naming>(
  db: Executor,
  all: readonly Named[],
): Promise<Map<Named, string>> {
  const named = all.flatMap((naming) => {
    const { projectId, subscriber } = naming;
    if (subscriber === undefined) return [];
    const id = fromWireId("subscriber", subscriber);
    // `text` takes no NUL, and no external id has one.
    return [{ naming, projectId, id, externalId: id === undefined ? subscriber.replaceAll("\u0000", "\ufffd") : null }];
  });
  if (named.length === 0) return new Map();
  const rows = await db.query<{ place: number; id: string }>(selectNamed, [
    named.map((_, place) => place),
    named.map(({ projectId }) => projectId),
    named.map(({ id }) => id ?? null),
    named.map(({ externalId }) => externalId),
  ]);
  return new Map(
    rows.flatMap(({ place, id }): [Named, string][] => {
      const naming = named[place]?.naming;
      return naming === undefined ? [] : [[naming, id]];
    }),
  );
}
