import { z } from "zod";

/**
 * Any JSON object, passed on as it is. Unlike z.record it keeps an own key `__proto__`, so that what was not understood is
 * refused later instead of lost here.
 */
export const jsonObjectSchema = z
  .custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    { error: "must be an object" },
  )
  .meta({ type: "object" });
