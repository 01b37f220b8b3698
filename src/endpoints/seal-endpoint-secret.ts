import type { SecretBox } from "../platform/secret-box.ts";
import type { EndpointSecretRow } from "./store.ts";

/** How many secrets sign one delivery: receivers need not look at more than ten signatures. */
export const maxLiveSecrets = 5;

/** What a new secret of an endpoint is stored as. */
export function sealEndpointSecret(
  box: SecretBox,
  projectId: string,
  secret: { readonly id: string; readonly endpointId: string; readonly text: string; readonly createdAt: Date },
): EndpointSecretRow {
  const { id, endpointId, text, createdAt } = secret;
  // A secret's row never changes its secret, so there is only ever a first version.
  const sealed = box.seal({ projectId, object: "endpoint_secret", id, version: 1 }, text);
  return { id, endpoint_id: endpointId, sealed, expires_at: null, created_at: createdAt };
}
