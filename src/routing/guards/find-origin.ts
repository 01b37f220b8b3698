import {
  findOriginMarkers,
  originHeader,
  type OriginMark,
  originMarkerText,
  verifyOriginMarker,
} from "../../lib/origin-marker.ts";

const maxInHeader = 20;

/**
 * Stands for an event in which the marker's word stands more often than is looked at: whoever sends that hopes that a genuine
 * one is not reached. It is held as if one had been.
 */
export const manyMarkers: OriginMark = { taskId: "", depth: Number.MAX_SAFE_INTEGER };

// A header that came several times arrives as one list. Who has the marker as a text may well send that.
function markersOf(header: string): string[] {
  const prefix = originMarkerText("");
  return header.split(",", maxInHeader).map((text) => {
    const marker = text.trim();
    return marker.startsWith(prefix) ? marker.slice(prefix.length).trim() : marker;
  });
}

/**
 * Which task's doing an event is: the genuine marker that it carries in its header or anywhere in its body. Of several the
 * deepest counts, for a conversation quotes what was said before. What this hub did not sign is as good as absent. A body of 4 KB
 * without one costs some 0.4 µs.
 *
 * @param keys those that sign markers, retired ones included
 */
export function findOrigin(
  keys: readonly Buffer[],
  headers: Readonly<Record<string, string>>,
  rawBody: Buffer,
): OriginMark | undefined {
  const inBody = findOriginMarkers(rawBody);
  if (inBody === "too_many") return manyMarkers;
  const inHeader = headers[originHeader];
  let deepest: OriginMark | undefined;
  for (const marker of inHeader === undefined ? inBody : [...markersOf(inHeader), ...inBody]) {
    const mark = verifyOriginMarker(keys, marker);
    if (mark !== undefined && (deepest === undefined || mark.depth > deepest.depth)) deepest = mark;
  }
  return deepest;
}
