import { z } from "zod";
import type { SecretBinding, SecretBox } from "../platform/secret-box.ts";
import type { SourceSecretRow } from "./store.ts";

const maxSecretBytes = 4096;

/** A secret as its owner types it: kept byte by byte, since trailing white space may be part of it. */
export const sourceSecret = z
  .string()
  .min(1, { error: "must not be empty" })
  .refine((secret) => Buffer.byteLength(secret) <= maxSecretBytes, { error: "must have at most 4096 bytes" })
  .refine((secret) => !secret.includes("\u0000"), { error: "must not contain a NUL character" })
  .refine((secret) => secret.isWellFormed(), { error: "must not contain half of a surrogate pair" });

/** How many secrets of one source verify at once: each costs a computation per request. */
export const maxLiveSecrets = 5;

// A secret's row never changes its secret, so there is only ever a first version.
function bindingOf(projectId: string, id: string): SecretBinding {
  return { projectId, object: "source_secret", id, version: 1 };
}

/** What a new secret of a source is stored as. */
export function sealSourceSecret(
  box: SecretBox,
  projectId: string,
  secret: { readonly id: string; readonly sourceId: string; readonly text: string; readonly createdAt: Date },
): SourceSecretRow {
  const { id, sourceId, text, createdAt } = secret;
  const sealed = box.seal(bindingOf(projectId, id), text);
  return { id, source_id: sourceId, sealed, handed_over: null, expires_at: null, created_at: createdAt };
}

/** The secret that a row holds. Throws UnavailableError `secret_unreadable` when the box cannot open it. */
export function openSourceSecret(
  box: SecretBox,
  projectId: string,
  row: Pick<SourceSecretRow, "id" | "sealed">,
): string {
  return box.open(bindingOf(projectId, row.id), row.sealed).toString("utf8");
}
