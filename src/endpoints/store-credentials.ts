import type { Context } from "../access/context.ts";
import type { Transaction } from "../platform/database.ts";
import type { CredentialBinding } from "./credential-binding.ts";
import { credentialBinding } from "./credential-binding.ts";
import {
  type ClientCertificate,
  type Oauth2Credentials,
  type ShownCredentials,
  showCertificate,
  showOauth2,
} from "./endpoint-credentials.ts";
import { deleteCredential, upsertCredential } from "./credential-store.ts";

/** Which credentials a change brings; null takes them away. */
export interface CredentialChanges {
  readonly oauth2?: Oauth2Credentials | null;
  readonly clientCertificate?: ClientCertificate | null;
}

async function storeOne(
  ctx: Context,
  tx: Transaction,
  endpointId: string,
  kind: CredentialBinding["kind"],
  value: object | null | undefined,
): Promise<void> {
  if (value === undefined) return;
  if (value === null) return await deleteCredential(tx, endpointId, kind);
  const now = new Date(ctx.clock.now());
  await upsertCredential(tx, { endpointId, kind, now }, (version) =>
    ctx.secretBox.seal(
      credentialBinding({ projectId: ctx.actor.projectId, endpointId, kind, version }),
      JSON.stringify(value),
    ),
  );
}

/**
 * Seals and stores credentials of an endpoint that the caller has locked, and answers with what its row shows of those it
 * has then; undefined when nothing changes.
 */
export async function storeCredentials(
  ctx: Context,
  tx: Transaction,
  endpointId: string,
  shownBefore: ShownCredentials | null,
  changes: CredentialChanges,
): Promise<string | null | undefined> {
  const { oauth2, clientCertificate } = changes;
  if (oauth2 === undefined && clientCertificate === undefined) return undefined;
  await storeOne(ctx, tx, endpointId, "oauth2", oauth2);
  await storeOne(ctx, tx, endpointId, "client_certificate", clientCertificate);
  const { oauth2: oldOauth2, clientCertificate: oldCertificate } = shownBefore ?? {};
  const nextOauth2 = oauth2 === undefined ? oldOauth2 : oauth2 === null ? undefined : showOauth2(oauth2);
  const nextCertificate =
    clientCertificate === undefined
      ? oldCertificate
      : clientCertificate === null
        ? undefined
        : showCertificate(clientCertificate);
  if (nextOauth2 === undefined && nextCertificate === undefined) return null;
  return JSON.stringify({ oauth2: nextOauth2, clientCertificate: nextCertificate });
}
