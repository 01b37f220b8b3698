import type { SecretBinding } from "../platform/secret-box.ts";

/** Whose sealed credentials these are. */
export interface CredentialBinding {
  readonly projectId: string;
  readonly endpointId: string;
  readonly kind: "oauth2" | "client_certificate";
  /** Counts up with each change, so that an old value cannot be put back. */
  readonly version: number;
}

/** The one place where an endpoint's credentials may be opened. */
export function credentialBinding({ projectId, endpointId, kind, version }: CredentialBinding): SecretBinding {
  return { projectId, object: "endpoint_credential", id: `${endpointId}:${kind}`, version };
}
