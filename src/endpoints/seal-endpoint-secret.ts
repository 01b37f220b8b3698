import type { SecretBox } from "../platform/secret-box.ts";
import type { EndpointSecretRow } from "./store.ts";

/** How many secrets, and how many keys, sign one delivery: receivers need not look at more than ten signatures. */
export const maxLiveSecrets = 5;

/** A secret (`v1`) or a private key (`v1a`) to store. */
interface NewSecret {
  readonly id: string;
  readonly endpointId: string;
  readonly kind: EndpointSecretRow["kind"];
  readonly value: string | Buffer;
  readonly createdAt: Date;
}

/** What a new secret of an endpoint is stored as. */
export function sealEndpointSecret(box: SecretBox, projectId: string, secret: NewSecret): EndpointSecretRow {
  const { id, endpointId, kind, value, createdAt } = secret;
  // A secret's row never changes its secret, so there is only ever a first version.
  const sealed = box.seal({ projectId, object: "endpoint_secret", id, version: 1 }, value);
  return { id, endpoint_id: endpointId, kind, sealed, expires_at: null, created_at: createdAt };
}
