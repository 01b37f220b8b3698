import { z } from "zod";
import { recordAudit } from "../access/audit.ts";
import { authoriseChange } from "../access/authorise-change.ts";
import type { Context } from "../access/context.ts";
import { InvalidError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { requireSafeResponse } from "./require-safe-response.ts";
import { openSourceSecret } from "./source-secret.ts";
import { schemeOfSource, secretProblems } from "./source-scheme.ts";
import { sourceResponseOf } from "./source-response.ts";
import { type Source, sourceFields, type Verification } from "./source.ts";
import {
  selectLiveSourceSecrets,
  selectSource,
  type SourceRow,
  type SourceSecretRow,
  updateSourceRow,
} from "./store.ts";
import { viewSource } from "./view-sources.ts";

export const sourceChanges = z
  .strictObject({
    name: sourceFields.name.exactOptional(),
    verification: sourceFields.verification.exactOptional(),
    response: sourceFields.response.nullable().exactOptional(),
    enabled: sourceFields.enabled.exactOptional(),
    allowedIps: sourceFields.allowedIps.nullable().exactOptional(),
    rateLimitPerSecond: sourceFields.rateLimitPerSecond.nullable().exactOptional(),
    bodyLimitBytes: sourceFields.bodyLimitBytes.nullable().exactOptional(),
  })
  .describe("An absent field stays as it is, null clears it; objects are replaced as a whole.")
  .meta({ id: "SourceChanges" });

export type SourceChanges = z.infer<typeof sourceChanges>;

// A scheme of its own that the live secrets do not fit would turn every sender away.
function requireFittingScheme(
  ctx: Context,
  source: SourceRow,
  verification: Verification,
  secrets: readonly SourceSecretRow[],
): void {
  const scheme = schemeOfSource(source.provider, verification);
  if (verification.scheme === undefined) return;
  const texts = secrets.map(
    (secret) => [secret.id, openSourceSecret(ctx.secretBox, source.project_id, secret)] as const,
  );
  const [problem] = secretProblems(scheme, new Map(texts));
  if (problem === undefined) return;
  const message = `does not fit the source's live secrets, each of which ${problem.message}`;
  throw new InvalidError(`verification.scheme ${message}`, [{ path: "verification.scheme", message }]);
}

/**
 * Changes a source; switching it on or off needs less permission than the rest. Throws InvalidError for a scheme or setting
 * that does not belong or that the live secrets do not fit, and for an answer that the provider takes for a failure,
 * NotFoundError when the project has no such source.
 */
export async function updateSource(ctx: Context, id: string, changes: SourceChanges): Promise<Source> {
  authoriseChange(ctx.actor, "sources", changes, "enabled");
  const { name, verification, response, enabled, allowedIps, rateLimitPerSecond, bodyLimitBytes } = changes;
  const now = new Date(ctx.clock.now());
  return await ctx.db.transaction(async (tx) => {
    const source = await selectSource(tx, ctx.actor.projectId, id, "update");
    if (source === undefined) throw new NotFoundError("There is no such source in this project");
    if (verification !== undefined)
      requireFittingScheme(ctx, source, verification, await selectLiveSourceSecrets(tx, [id], now));
    const answer = response && sourceResponseOf(response);
    if (answer) requireSafeResponse(source.provider, answer);
    const row = await updateSourceRow(tx, id, {
      ...(name === undefined ? {} : { name }),
      ...(verification === undefined ? {} : { verification: JSON.stringify(verification) }),
      ...(answer === undefined ? {} : { response: answer === null ? null : JSON.stringify(answer) }),
      ...(enabled === undefined ? {} : { enabled }),
      ...(allowedIps === undefined ? {} : { allowed_ips: allowedIps }),
      ...(rateLimitPerSecond === undefined ? {} : { rate_limit_per_second: rateLimitPerSecond }),
      ...(bodyLimitBytes === undefined ? {} : { body_limit_bytes: bodyLimitBytes }),
      updated_at: now,
    });
    const detail = { fields: Object.keys(changes), ...(enabled === undefined ? {} : { enabled }) };
    await recordAudit(ctx, tx, { action: "source.update", target: toWireId("source", id), detail });
    await ctx.signals.emit(tx, "sources", [id]);
    return await viewSource(ctx, tx, row);
  });
}
