import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";

/**
 * Wakes the background work that ends tasks because of others (`followUpTasks`), once the transaction has committed. What
 * it is to do stands in rows by then: should nobody hear this, it is found within a second.
 */
export async function askForFollowUps(tx: Transaction, services: Services): Promise<void> {
  await services.signals.emit(tx, "followUps", ["tasks"]);
}
