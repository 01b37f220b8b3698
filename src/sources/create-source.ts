import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { InvalidError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { providers } from "./providers/catalogue.ts";
import { requireSafeResponse } from "./require-safe-response.ts";
import { maxLiveSecrets, sealSourceSecret, sourceSecret } from "./source-secret.ts";
import { schemeOfSource, secretProblems } from "./source-scheme.ts";
import { sourceResponseOf } from "./source-response.ts";
import { type Source, sourceFields } from "./source.ts";
import { insertSource, insertSourceSecrets } from "./store.ts";
import { viewSource } from "./view-sources.ts";

export const newSource = z
  .strictObject({
    name: sourceFields.name,
    provider: z.string().describe("An id of GET /api/v1/providers; never changes."),
    secrets: z
      .array(sourceSecret)
      .max(maxLiveSecrets)
      .describe(
        "Any of them verifies. Written as the provider shows them; never shown again. Empty only for a provider that hands over its secret itself.",
      ),
    verification: sourceFields.verification.exactOptional(),
    response: sourceFields.response.exactOptional(),
    enabled: sourceFields.enabled.exactOptional().describe("Absent: true. A disabled source answers 404."),
    allowedIps: sourceFields.allowedIps.exactOptional(),
    rateLimitPerSecond: sourceFields.rateLimitPerSecond.exactOptional(),
    bodyLimitBytes: sourceFields.bodyLimitBytes.exactOptional(),
  })
  .meta({ id: "NewSource" });

export type NewSource = z.infer<typeof newSource>;

function requireSecret({ provider, secrets }: NewSource): void {
  if (secrets.length > 0 || providers.get(provider)?.handsOverSecret !== undefined) return;
  const message = "must hold one at least";
  throw new InvalidError(`secrets ${message}`, [{ path: "secrets", message }]);
}

/**
 * Opens an inbound URL. Throws InvalidError for an unknown provider, a scheme or setting that is missing or does not belong,
 * an answer that the provider takes for a failure, and a secret that does not fit the scheme (`secrets.N`).
 */
export async function createSource(ctx: Context, input: NewSource): Promise<Source> {
  authorise(ctx.actor, "sources:write");
  const verification = input.verification ?? {};
  const scheme = schemeOfSource(input.provider, verification);
  const response = input.response && sourceResponseOf(input.response);
  if (response !== undefined) requireSafeResponse(input.provider, response);
  requireSecret(input);
  const problems = secretProblems(scheme, new Map(input.secrets.map((text, index) => [`secrets.${index}`, text])));
  if (problems.length > 0) throw new InvalidError("A secret does not fit what the provider signs with", problems);

  const { projectId } = ctx.actor;
  const id = ctx.newId();
  const now = new Date(ctx.clock.now());
  const secrets = input.secrets.map((text) =>
    sealSourceSecret(ctx.secretBox, projectId, { id: ctx.newId(), sourceId: id, text, createdAt: now }),
  );
  return await ctx.db.transaction(async (tx) => {
    const row = await insertSource(tx, {
      id,
      project_id: projectId,
      name: input.name,
      provider: input.provider,
      verification: JSON.stringify(verification),
      response: response === undefined ? null : JSON.stringify(response),
      allowed_ips: input.allowedIps ?? null,
      rate_limit_per_second: input.rateLimitPerSecond ?? null,
      body_limit_bytes: input.bodyLimitBytes ?? null,
      enabled: input.enabled ?? true,
      created_at: now,
      updated_at: now,
      deleted_at: null,
    });
    if (secrets.length > 0) await insertSourceSecrets(tx, secrets);
    const detail = { provider: input.provider, fields: Object.keys(input) };
    await recordAudit(ctx, tx, { action: "source.create", target: toWireId("source", id), detail });
    await ctx.signals.emit(tx, "sources", [id]);
    return await viewSource(ctx, tx, row);
  });
}
