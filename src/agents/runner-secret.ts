import type { SecretBox } from "../platform/secret-box.ts";

/** Where a runner's secret is kept: in its agent's row. */
export interface RunnerSecretPlace {
  readonly projectId: string;
  readonly agentId: string;
  /** Counts the secrets that the agent has had, so that an old one cannot be put back. */
  readonly version: number;
}

/** What a runner's secret is stored as. */
export function sealRunnerSecret(box: SecretBox, place: RunnerSecretPlace, text: string): Buffer {
  return box.seal(
    { projectId: place.projectId, object: "agent_secret", id: place.agentId, version: place.version },
    text,
  );
}

/** A runner's secret in clear. Throws UnavailableError `secret_unreadable` without its master key. */
export function openRunnerSecret(box: SecretBox, place: RunnerSecretPlace, sealed: Buffer): string {
  const binding = {
    projectId: place.projectId,
    object: "agent_secret",
    id: place.agentId,
    version: place.version,
  } as const;
  return box.open(binding, sealed).toString();
}
