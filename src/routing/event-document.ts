/**
 * One event as routes see it: what `match`, `when` and task templates read. `body` is the parsed payload (a form body
 * as an object, text as a string) and comes from outside: it may have any shape and any keys, so read own properties
 * only.
 */
export interface EventDocument {
  readonly id: string;
  /** The provider's event and action, joined: `issues.opened`. */
  readonly type: string;
  readonly provider: string;
  readonly source: { readonly id: string; readonly name: string };
  readonly deliveryId: string;
  /** ISO 8601, UTC. */
  readonly receivedAt: string;
  /** Allow-listed headers; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The keys of an event document, so that a route that names another one is refused instead of never matching. */
export const eventDocumentKeys: readonly string[] = [
  "id",
  "type",
  "provider",
  "source",
  "deliveryId",
  "receivedAt",
  "headers",
  "body",
] satisfies readonly (keyof EventDocument)[];
