import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import { NotFoundError } from "../lib/errors.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { type RejectionRow, selectRejections } from "./rejection-store.ts";
import { selectSource } from "./store.ts";

export const rejectionSchema = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    reason: z.string().describe("Why, e.g. `signature_mismatch`; the sender was not told."),
    status: z.int().describe("What it was answered with."),
    method: z.string(),
    address: z.string().exactOptional().describe("The client's, as far as `trustedProxyHops` lets the hub know it."),
    headerNames: z.array(z.string()).describe("In lower case; their values are not kept."),
    bodySize: z.int().exactOptional().describe("In bytes. Absent when the body was not read to its end."),
    bodySha256: z.string().exactOptional().describe("Hexadecimal. The body itself is not kept."),
  })
  .meta({ id: "SourceRejection" });

export type SourceRejection = z.infer<typeof rejectionSchema>;

function present(row: RejectionRow): SourceRejection {
  return {
    id: row.id,
    at: row.rejected_at.toISOString(),
    reason: row.reason,
    status: row.status,
    method: row.method,
    ...(row.address === null ? {} : { address: row.address }),
    headerNames: row.header_names,
    ...(row.body_size === null ? {} : { bodySize: row.body_size }),
    ...(row.body_sha256 === null ? {} : { bodySha256: row.body_sha256.toString("hex") }),
  };
}

/** The newest requests that a source refused, newest first. Throws NotFoundError when the project has no such source. */
export async function listRejections(ctx: Context, id: string, page: PageRequest): Promise<Page<SourceRejection>> {
  authorise(ctx.actor, "sources:read");
  if ((await selectSource(ctx.db, ctx.actor.projectId, id)) === undefined)
    throw new NotFoundError("There is no such source in this project");
  const rows = await selectRejections(ctx.db, id, page);
  return pageOf(rows.map(present), page.limit, (rejection) => rejection.id);
}
