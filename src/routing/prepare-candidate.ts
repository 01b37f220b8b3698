import type { CompiledRoute, KeyOf } from "./compiled-route.ts";
import type { EventDocument } from "./event-document.ts";
import type { Candidate, CandidateKeys } from "./pending-candidate.ts";

export type PreparedCandidate =
  | {
      readonly ok: true;
      readonly candidate: Candidate;
      /** The wire id or external id of the subscriber of its messages, which may be nobody's. */
      readonly subscriber?: string;
    }
  /** `message` names the part of the route that cannot be worked out for this event. */
  | { readonly ok: false; readonly message: string };

/** Works out what a route makes of an event that it takes: the task and every key. Pure, and never throws. */
export function prepareCandidate(
  route: CompiledRoute,
  document: EventDocument,
  event: Candidate["event"],
): PreparedCandidate {
  const task = route.render(document);
  if (!task.ok) return { ok: false, message: `${task.error.path}: ${task.error.message}` };
  const faults: string[] = [];
  // Undefined: the route has no such key, or it is at fault.
  const valueOf = (path: string, of: KeyOf | undefined): string | undefined => {
    const key = of?.(document);
    if (key?.ok === false) faults.push(`${path}: ${key.message}`);
    return key?.ok === true ? key.value : undefined;
  };
  const { debounce, limits } = route;
  const keys = keysOf(route, valueOf);
  const session = valueOf("keys.session", route.keys.session?.of);
  const subscriber = valueOf("subscriberId", route.subscriber);
  const debounceKey = debounce?.of === undefined ? "" : valueOf("debounce.key", debounce.of);
  const { rate, ...otherLimits } = limits;
  const rateKey = valueOf("limits.rate.key", rate?.of);
  const [message] = faults;
  if (message !== undefined) return { ok: false, message };
  const { input, parameters, priority, labels } = task;
  return {
    ok: true,
    ...(subscriber === undefined ? {} : { subscriber }),
    candidate: {
      event,
      receivedAt: document.receivedAt,
      task: { input, parameters, priority, ...(labels === undefined ? {} : { labels }) },
      ...(keys === undefined ? {} : { keys }),
      ...(session === undefined ? {} : { session }),
      ...(route.approval === undefined ? {} : { approval: route.approval }),
      ...(debounce === undefined || debounceKey === undefined
        ? {}
        : { debounce: { key: debounceKey, quietSeconds: debounce.quietSeconds, maxSeconds: debounce.maxSeconds } }),
      limits: {
        ...otherLimits,
        ...(rate === undefined
          ? {}
          : {
              rate: {
                count: rate.count,
                perSeconds: rate.perSeconds,
                ...(rateKey === undefined ? {} : { key: rateKey }),
              },
            }),
      },
    },
  };
}

function keysOf(
  { keys: { dedupe, concurrency, order } }: CompiledRoute,
  valueOf: (path: string, of: KeyOf | undefined) => string | undefined,
): CandidateKeys | undefined {
  const dedupeValue = valueOf("keys.dedupe", dedupe?.of);
  const concurrencyValue = valueOf("keys.concurrency", concurrency?.of);
  const orderValue = valueOf("keys.order", order?.of);
  const keys = {
    ...(dedupe === undefined || dedupeValue === undefined
      ? {}
      : {
          dedupe: {
            key: dedupeValue,
            ...(dedupe.windowSeconds === undefined ? {} : { windowSeconds: dedupe.windowSeconds }),
          },
        }),
    ...(concurrency === undefined || concurrencyValue === undefined
      ? {}
      : { concurrency: { key: concurrencyValue, limit: concurrency.limit, policy: concurrency.policy } }),
    ...(order === undefined || orderValue === undefined
      ? {}
      : { order: { key: orderValue, onFailure: order.onFailure } }),
  };
  return Object.keys(keys).length === 0 ? undefined : keys;
}
