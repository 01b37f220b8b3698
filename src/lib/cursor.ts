import { fromWireId, type IdKind } from "./ids.ts";

/**
 * The lists that cursors lead through: by the kind of id that orders them. Entries of the audit log, rejections of a source
 * and budgets have plain uuids.
 */
export type CursorKind = IdKind | "audit" | "rejection" | "budget";

/** One page of a list as the API answers it. `nextCursor` is there when more rows follow. */
export interface Page<View> {
  readonly data: readonly View[];
  readonly nextCursor?: string;
}

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The cursor after the row with this id (its wire form), opaque to clients. */
export function encodeCursor(id: string): string {
  return Buffer.from(id).toString("base64url");
}

/**
 * The uuid after which the next page starts (`id < uuid` in a list that is newest first), or undefined when the text is not
 * a cursor of a list of this kind. It is a position only: it neither grants access to the row nor needs it to exist still.
 */
export function decodeCursor(kind: CursorKind, text: string): string | undefined {
  const id = Buffer.from(text, "base64url").toString();
  // Buffer skips what is not base64url: only the one text that we would have made is a cursor.
  if (encodeCursor(id) !== text) return undefined;
  if (kind === "audit" || kind === "rejection" || kind === "budget") return uuidForm.test(id) ? id : undefined;
  return fromWireId(kind, id);
}

/**
 * The page that shows `limit` of the rows. Fetch `limit + 1`: the one too many says that there is a next page, without a
 * count. `idOf` gives a row's id in its wire form.
 */
export function pageOf<View>(rows: readonly View[], limit: number, idOf: (row: View) => string): Page<View> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return last === undefined || rows.length <= limit ? { data } : { data, nextCursor: encodeCursor(idOf(last)) };
}
