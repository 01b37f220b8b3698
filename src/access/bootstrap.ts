import type { Services } from "../platform/services.ts";
import { addKey } from "./add-key.ts";
import { defaultProjectId } from "./default-project.ts";
import { insertProject, lockProject, selectLiveOwnerKeyIds } from "./store.ts";
import { systemActor } from "./system-actor.ts";

/**
 * Sees to it that there is a default project and a way into it: without HOOKYARD_ADMIN_KEY and without a live owner key it
 * makes one and returns it, to be shown once. Several processes may start at once; one of them makes the key.
 */
export async function bootstrap(services: Services, adminKey: string | undefined): Promise<string | undefined> {
  const now = new Date(services.clock.now());
  await insertProject(services.db, defaultProjectId, "default", now);
  if (adminKey !== undefined) return undefined;
  const ctx = { ...services, actor: systemActor(defaultProjectId) };
  return await services.db.transaction(async (tx) => {
    await lockProject(tx, defaultProjectId);
    if ((await selectLiveOwnerKeyIds(tx, defaultProjectId, now)).length > 0) return undefined;
    const { key } = await addKey(ctx, tx, { name: "Bootstrap", role: "owner", agents: "all" });
    return key;
  });
}
