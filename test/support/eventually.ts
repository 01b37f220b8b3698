/** Repeats a check until it no longer throws, for what another process is told of; rejects with its last error after `limitMs`. */
export async function eventually(check: () => Promise<void>, limitMs = 5_000): Promise<void> {
  const giveUpAtMs = performance.now() + limitMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > giveUpAtMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
