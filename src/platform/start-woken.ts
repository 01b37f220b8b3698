import { type Recurring, startRecurring } from "./recurring.ts";
import type { Services } from "./services.ts";
import type { Topic } from "./signals.ts";

/**
 * Starts work that repeats every `intervalSeconds`, and at once whenever there is news of the topic, in this process or
 * another: rows say what is to be done, and the news only that somebody left some.
 */
export function startWoken(
  name: string,
  { topic, intervalSeconds }: { readonly topic: Topic; readonly intervalSeconds: number },
  { log, signals }: Pick<Services, "log" | "signals">,
  work: () => Promise<void>,
): Recurring {
  let isWoken = false;
  const workOnce = async (): Promise<void> => {
    isWoken = false;
    await work();
  };
  const recurring = startRecurring(name, intervalSeconds, workOnce, log);
  const off = signals.on(topic, () => {
    // One time more serves all who come while it is at work.
    if (isWoken) return;
    isWoken = true;
    recurring.run().catch((err: unknown) => log.warn({ unit: name, err }, `${name} failed; trying again shortly`));
  });
  return {
    run: () => recurring.run(),
    stop: async () => {
      off();
      await recurring.stop();
    },
  };
}
