import assert from "node:assert/strict";
import { type CursorKind, decodeCursor, type Page } from "../../src/lib/cursor.ts";
import type { PageRequest } from "../../src/lib/page-request.ts";

/** Reads a list to its end by pages of `limit`, and asserts that only the last is not full. */
export async function readPages<View>(
  kind: CursorKind,
  limit: number,
  list: (page: PageRequest) => Promise<Page<View>>,
): Promise<View[]> {
  const all: View[] = [];
  let cursor: string | undefined;
  do {
    const page: Page<View> = await list({ limit, cursor });
    assert.ok(page.nextCursor === undefined || page.data.length === limit, "a page before the last is not full");
    all.push(...page.data);
    cursor = page.nextCursor === undefined ? undefined : decodeCursor(kind, page.nextCursor);
    assert.equal(cursor === undefined, page.nextCursor === undefined, "a next cursor is none of this list");
  } while (cursor !== undefined);
  return all;
}
