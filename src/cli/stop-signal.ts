// npm hands on the SIGINT that the terminal has sent to its children already: the same wish twice, within milliseconds.
const repeatMs = 500;

/**
 * An AbortSignal that aborts, with the signal's name as the reason, when the process is asked to stop: SIGTERM by a service
 * manager, SIGINT by Ctrl-C, SIGHUP by a terminal that closes. Whoever asks again ends the process at once.
 */
export function listenForStop(): AbortSignal {
  const stop = new AbortController();
  let askedAtMs = 0;
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    process.on(name, () => {
      if (!stop.signal.aborted) {
        askedAtMs = performance.now();
        stop.abort(name);
      } else if (performance.now() - askedAtMs > repeatMs) process.exit(1);
    });
  return stop.signal;
}
