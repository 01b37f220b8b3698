import { timingSafeEqual } from "node:crypto";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { systemActor } from "../access/system-actor.ts";
import { toWireId } from "../lib/ids.ts";
import type { Services } from "../platform/services.ts";
import { compileSecret } from "./compile-secret.ts";
import { providers } from "./providers/catalogue.ts";
import type { SourceRecord } from "./source-cache.ts";
import { openSourceSecret, sealSourceSecret, sourceSecret } from "./source-secret.ts";
import { insertSourceSecrets, selectLiveSourceSecrets, selectSource, updateSourceRow } from "./store.ts";
import { comparedKey } from "./verification/code-key.ts";

/**
 * Keeps the secret that a provider handed over with its handshake (Asana, Notion), sealed, as the source's first one. Nothing signs that
 * request, so it counts only while the source has no secret that verifies; of two at once, the first one stays. The same secret
 * again is answered like the first time, for the sake of a provider that missed the answer.
 *
 * @returns whether it is, or was, the source's secret; false: answer 401, and keep nothing
 */
export async function keepHandshakeSecret(
  services: Services,
  { id, projectId, scheme }: Pick<SourceRecord, "id" | "projectId" | "scheme">,
  text: string,
): Promise<boolean> {
  if (!sourceSecret.safeParse(text).success || !compileSecret(scheme, text).ok) return false;
  const ctx: Context = { ...services, actor: systemActor(projectId) };
  const now = new Date(ctx.clock.now());
  return await ctx.db.transaction(async (tx) => {
    // The lock makes the second of two wait, and then find the first one's secret.
    const source = await selectSource(tx, projectId, id, "update");
    if (source === undefined) return false;
    const live = await selectLiveSourceSecrets(tx, [id], now);
    const known = live
      .map((secret) => openSourceSecret(ctx.secretBox, projectId, secret))
      .filter((secret) => doesVerify(scheme, secret));
    if (known.length > 0) return known.some((secret) => timingSafeEqual(comparedKey(secret), comparedKey(text)));

    const secret = { id: ctx.newId(), sourceId: id, text, createdAt: now };
    const handedOver = providers.get(source.provider)?.handsOverSecret === "to_type_in" ? "waiting" : null;
    const sealed = sealSourceSecret(ctx.secretBox, projectId, secret);
    await insertSourceSecrets(tx, [{ ...sealed, handed_over: handedOver }]);
    await updateSourceRow(tx, id, { updated_at: now });
    const target = toWireId("source", id);
    await recordAudit(ctx, tx, { action: "source.keep_secret", target, detail: { provider: source.provider } });
    await ctx.signals.emit(tx, "sources", [id]);
    return true;
  });
}

/** A secret that only answers a question, such as a verify token, is none that the provider could be replaced in. */
function doesVerify(scheme: SourceRecord["scheme"], secret: string): boolean {
  const compiled = compileSecret(scheme, secret);
  return compiled.ok && compiled.key.keys.some((key) => key !== undefined);
}
