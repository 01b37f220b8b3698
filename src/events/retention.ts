import { z } from "zod";
import type { ProjectRetention } from "./retention-store.ts";

/** How long a project keeps what has ended, as the API shows it. */
export const retentionSchema = z
  .object({
    days: z.int().describe("What has ended is removed when it is older than this."),
    maximumDays: z.int().describe("The hub's own: no project keeps anything for longer."),
    isDefault: z.boolean().describe("The project has set none, and has the hub's."),
    updatedAt: z.iso.datetime().exactOptional(),
  })
  .meta({ id: "Retention" });

export const retentionChange = z
  .strictObject({
    days: z.int().min(1).exactOptional().describe("From 1 up to the hub's maximum. Absent: the hub's."),
  })
  .meta({ id: "RetentionChange" });

export type Retention = z.infer<typeof retentionSchema>;
export type RetentionChange = z.infer<typeof retentionChange>;

/** How many days count: a setting from before the hub's was lowered is no longer heard. */
export function effectiveDays({ days }: Pick<ProjectRetention, "days">, maximumDays: number): number {
  return Math.min(days ?? maximumDays, maximumDays);
}

/** The public form of a project's setting. */
export function presentRetention(row: ProjectRetention, maximumDays: number): Retention {
  return {
    days: effectiveDays(row, maximumDays),
    maximumDays,
    isDefault: row.days === null,
    ...(row.updated_at === null ? {} : { updatedAt: row.updated_at.toISOString() }),
  };
}
