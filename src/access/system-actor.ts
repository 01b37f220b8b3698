import type { Actor } from "./actor.ts";

/** The hub itself, acting within a project: for what no credential asked for. */
export function systemActor(projectId: string): Actor {
  return { kind: "system", id: "hub", name: "hub", projectId, role: "owner", agents: "all" };
}
