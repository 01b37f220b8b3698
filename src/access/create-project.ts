import { toWireId } from "../lib/ids.ts";
import type { Services } from "../platform/services.ts";
import { addKey } from "./add-key.ts";
import { recordAudit } from "./audit.ts";
import { insertProject } from "./store.ts";
import { systemActor } from "./system-actor.ts";

/** A project and the key that owns it, which is shown once. */
export interface NewProject {
  /** The project's uuid. */
  readonly id: string;
  readonly ownerKey: string;
}

/** Makes a project with its first owner key. No credential may: it is for the operator of the hub. */
export async function createProject(services: Services, name: string): Promise<NewProject> {
  const id = services.newId();
  const ctx = { ...services, actor: systemActor(id) };
  return await services.db.transaction(async (tx) => {
    await insertProject(tx, id, name, new Date(services.clock.now()));
    await recordAudit(ctx, tx, { action: "project.create", target: toWireId("project", id), detail: { name } });
    const { key } = await addKey(ctx, tx, { name: "First owner", role: "owner", agents: "all" });
    return { id, ownerKey: key };
  });
}
