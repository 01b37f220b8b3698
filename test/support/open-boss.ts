import { PgBoss } from "pg-boss";

/** pg-boss itself, beside the hub's queue on the same database, for what only its maintenance or a person does. */
export interface OpenBoss extends AsyncDisposable {
  /** Makes a job fail for good, as one that was tried too often. */
  giveUp(queue: string, id: string): Promise<void>;
  /** Does once what pg-boss does every few seconds: it fails what has been claimed for too long. */
  supervise(): Promise<void>;
}

export async function openBoss(connectionString: string): Promise<OpenBoss> {
  const boss = new PgBoss({ connectionString, max: 1, supervise: false, schedule: false, migrate: false });
  await boss.start();
  return {
    giveUp: async (queue, id) => {
      await boss.fail(queue, id, { message: "given up" });
    },
    supervise: () => boss.supervise(),
    [Symbol.asyncDispose]: () => boss.stop({ graceful: false }),
  };
}
