import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, InvalidError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { maxLiveSecrets, sealSourceSecret, sourceSecret } from "./source-secret.ts";
import { schemeOfSource, secretProblems } from "./source-scheme.ts";
import type { Source, Verification } from "./source.ts";
import {
  expireSourceSecrets,
  insertSourceSecrets,
  selectLiveSourceSecrets,
  selectSource,
  updateSourceRow,
} from "./store.ts";
import { viewSource } from "./view-sources.ts";

const defaultOverlapSeconds = 86_400;

export const sourceSecretRotation = z
  .strictObject({
    secret: sourceSecret,
    expiresPreviousInSeconds: z
      .int()
      .min(0)
      .max(2_592_000)
      .exactOptional()
      .describe("How long the present secrets go on verifying; absent: a day. Never longer than they would have."),
  })
  .meta({ id: "SourceSecretRotation" });

export type SourceSecretRotation = z.infer<typeof sourceSecretRotation>;

/**
 * Adds a secret to a source and ends the others after an overlap. Throws InvalidError when the secret does not fit the
 * scheme, ConflictError `too_many_secrets` when five would be live, NotFoundError when the project has no such source.
 */
export async function rotateSourceSecret(ctx: Context, id: string, rotation: SourceSecretRotation): Promise<Source> {
  authorise(ctx.actor, "sources:rotate");
  const overlapSeconds = rotation.expiresPreviousInSeconds ?? defaultOverlapSeconds;
  const { projectId } = ctx.actor;
  const now = new Date(ctx.clock.now());
  return await ctx.db.transaction(async (tx) => {
    const source = await selectSource(tx, projectId, id, "update");
    if (source === undefined) throw new NotFoundError("There is no such source in this project");
    const scheme = schemeOfSource(source.provider, source.verification as Verification);
    const problems = secretProblems(scheme, new Map([["secret", rotation.secret]]));
    if (problems.length > 0) throw new InvalidError("The secret does not fit what the provider signs with", problems);

    await expireSourceSecrets(tx, id, new Date(now.getTime() + overlapSeconds * 1000), now);
    const secret = { id: ctx.newId(), sourceId: id, text: rotation.secret, createdAt: now };
    await insertSourceSecrets(tx, [sealSourceSecret(ctx.secretBox, projectId, secret)]);
    const secrets = await selectLiveSourceSecrets(tx, [id], now);
    if (secrets.length > maxLiveSecrets) {
      const remedy = "end the present ones with expiresPreviousInSeconds: 0, or wait for one to expire";
      throw new ConflictError("too_many_secrets", `A source has at most ${maxLiveSecrets} live secrets; ${remedy}`);
    }
    const row = await updateSourceRow(tx, id, { updated_at: now });
    const detail = { expiresPreviousInSeconds: overlapSeconds };
    await recordAudit(ctx, tx, { action: "source.rotate", target: toWireId("source", id), detail });
    await ctx.signals.emit(tx, "sources", [id]);
    return await viewSource(ctx, tx, row);
  });
}
