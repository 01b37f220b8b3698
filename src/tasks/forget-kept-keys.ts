import type { Services } from "../platform/services.ts";

const maxBatch = 10_000;

const deleteKept = {
  name: "delete_kept_task_keys",
  text: `DELETE FROM task_keys WHERE (task_id, kind) IN (
           SELECT task_id, kind FROM task_keys WHERE standing = 'kept' AND expires_at <= $1 LIMIT ${maxBatch}
         ) AND standing = 'kept' RETURNING 1`,
};

/** Deletes dedupe keys of tasks that have ended, once their window is over. Nobody looks at them by then. */
export async function forgetKeptKeys({ db, clock }: Services): Promise<void> {
  for (;;) {
    const gone = await db.query(deleteKept, [new Date(clock.now())]);
    if (gone.length < maxBatch) return;
  }
}
