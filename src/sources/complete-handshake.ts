import type { Services } from "../platform/services.ts";
import type { SubscriptionConfirmer } from "./confirm-subscription.ts";
import { keepHandshakeSecret } from "./keep-handshake-secret.ts";
import type { SourceRecord } from "./source-cache.ts";
import type { HandshakeResponse } from "./verification/handshake.ts";
import { reject, type Rejection } from "./verification/rejection.ts";

/**
 * Does what a handshake demands before it may be answered: keeps the secret that it hands over, or confirms the subscription that it is
 * about. Returns undefined when it may be answered. Rejects with UnavailableError when the provider cannot be called.
 */
export async function completeHandshake(
  services: Services,
  confirmer: SubscriptionConfirmer,
  source: Pick<SourceRecord, "id" | "projectId" | "scheme">,
  { secret, confirmUrl }: HandshakeResponse,
): Promise<Rejection | undefined> {
  if (secret !== undefined && !(await keepHandshakeSecret(services, source, secret)))
    return reject("secret_already_known");
  if (confirmUrl !== undefined) await confirmer.confirm(confirmUrl);
  return undefined;
}
