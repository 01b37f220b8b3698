import { z } from "zod";

/** Takes an ISO 8601 time with `Z` or an offset, e.g. `2026-01-02T03:04:05Z`. */
export const moment = z.iso
  .datetime({ offset: true, error: "must be an ISO 8601 time with Z or an offset, like 2026-01-02T03:04:05Z" })
  .transform((text) => new Date(text));
