import type { FieldError } from "../lib/errors.ts";
import type { Approval } from "../tasks/input-request.ts";
import { CompileErrors } from "./compile-errors.ts";
import { compileKey } from "./compile-key.ts";
import { compileWhen, type Condition } from "./compile-when.ts";
import type { CompiledKeys, CompiledLimits, CompiledRules, KeyOf, RouteVerdict } from "./compiled-route.ts";
import { allowanceOf, MAXIMUM_STEPS, type StepAccount } from "./event-allowance.ts";
import type { EventDocument } from "./event-document.ts";
import { type CompiledMatch, compileMatch } from "./match.ts";
import type { Actors, Debounce, Keys, Limits, Loops } from "./route-rules.ts";
import { compileSubscriber } from "./compile-subscriber.ts";
import { compileTaskTemplate } from "./task-template.ts";

/** What a route says, as it was written. */
export interface RouteRules {
  readonly match?: object | undefined;
  readonly when?: string | undefined;
  readonly task: object;
  readonly keys?: Keys | undefined;
  readonly debounce?: Debounce | undefined;
  readonly limits?: Limits | undefined;
  readonly actors?: Actors | undefined;
  readonly loops?: Loops | undefined;
  readonly subscriberId?: string | undefined;
  readonly approval?: Approval | undefined;
}

export type CompiledRouteRules =
  | { readonly ok: true; readonly rules: CompiledRules }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

const DEFAULT_MAX_DEPTH = 5;

/**
 * Compiles what a route says, so that it can be asked about events. Never throws: rules come from a user, and each fault is
 * an error with its path and, inside a text, the place. That the fields have the right shape is seen to by route-rules.ts.
 */
export function compileRoute(written: RouteRules): CompiledRouteRules {
  const errors = new CompileErrors();
  const account: StepAccount = { remaining: 0 };
  const match = compileMatch(written.match, account);
  if (!match.ok) errors.addAll(match.errors);
  const when = written.when === undefined ? undefined : compileWhen(errors, written.when, account);
  const task = compileTaskTemplate(written.task);
  if (!task.ok) errors.addAll(task.errors);
  const keys = compileKeys(errors, written.keys ?? {});
  const { debounce, actors } = written;
  const debounceKey = compileOptional(errors, "debounce.key", debounce?.key);
  const limits = compileLimits(errors, written.limits ?? {});
  const actorPath = compileOptional(errors, "actors.path", actors?.path);
  const subscriber = written.subscriberId === undefined ? undefined : compileSubscriber(errors, written.subscriberId);
  if (!match.ok || !task.ok || errors.found.length > 0) return { ok: false, errors: errors.found };

  const { rate, budget, breaker } = limits;
  return {
    ok: true,
    rules: {
      types: match.types,
      evaluate: evaluation(match, when, account),
      render: task.render,
      keys,
      ...(debounce === undefined
        ? {}
        : {
            debounce: {
              quietSeconds: debounce.quietSeconds,
              maxSeconds: debounce.maxSeconds,
              ...(debounceKey === undefined ? {} : { of: debounceKey }),
            },
          }),
      limits,
      ...(actors === undefined
        ? {}
        : {
            actors: {
              ...(actors.allow === undefined ? {} : { allow: actors.allow }),
              ...(actors.deny === undefined ? {} : { deny: actors.deny }),
              ...(actorPath === undefined ? {} : { of: actorPath }),
            },
          }),
      loops: {
        allowMarked: written.loops?.allowMarked ?? false,
        maxDepth: written.loops?.maxDepth ?? DEFAULT_MAX_DEPTH,
      },
      ...(subscriber === undefined ? {} : { subscriber }),
      ...(written.approval === undefined ? {} : { approval: written.approval }),
      isGuarded: [keys.dedupe, keys.concurrency, keys.order, debounce, rate, budget, breaker].some(
        (guard) => guard !== undefined,
      ),
    },
  };
}

const matched: RouteVerdict = { matched: true };
const notWhen: RouteVerdict = { matched: false, clause: "when" };
const costsTooMuch = "takes too long with this event";

function evaluation(
  match: Extract<CompiledMatch, { ok: true }>,
  when: Condition | undefined,
  account: StepAccount,
): CompiledRules["evaluate"] {
  const judge = (document: EventDocument): RouteVerdict => {
    const clause = match.firstMismatch(document);
    if (clause !== undefined)
      return account.remaining < 0 ? { matched: false, clause, error: costsTooMuch } : { matched: false, clause };
    if (when === undefined) return matched;
    const verdict = when(document);
    if (!verdict.ok) return { matched: false, clause: "when", error: verdict.message };
    return verdict.holds ? matched : notWhen;
  };
  return (document) => {
    const allowance = allowanceOf(document);
    const drawn = Math.min(MAXIMUM_STEPS, allowance.remaining);
    account.remaining = drawn;
    const verdict = judge(document);
    allowance.remaining -= drawn - Math.max(account.remaining, 0);
    return verdict;
  };
}

function compileOptional(errors: CompileErrors, path: string, source: string | undefined): KeyOf | undefined {
  return source === undefined ? undefined : compileKey(errors, path, source);
}

function compileKeys(errors: CompileErrors, { dedupe, concurrency, order, session }: Keys): CompiledKeys {
  const compile = (name: string, written: string | { readonly key: string } | undefined): KeyOf | undefined =>
    typeof written === "object"
      ? compileKey(errors, `keys.${name}.key`, written.key)
      : compileOptional(errors, `keys.${name}`, written);
  const dedupeOf = compile("dedupe", dedupe);
  const concurrencyOf = compile("concurrency", concurrency);
  const orderOf = compile("order", order);
  const sessionOf = compile("session", session);
  const { limit = 1, policy = "queue" } = typeof concurrency === "object" ? concurrency : {};
  return {
    ...(dedupeOf === undefined
      ? {}
      : {
          dedupe: {
            of: dedupeOf,
            ...(typeof dedupe === "object" && dedupe.windowSeconds !== undefined
              ? { windowSeconds: dedupe.windowSeconds }
              : {}),
          },
        }),
    ...(concurrencyOf === undefined ? {} : { concurrency: { of: concurrencyOf, limit, policy } }),
    ...(orderOf === undefined
      ? {}
      : { order: { of: orderOf, onFailure: (typeof order === "object" ? order.onFailure : undefined) ?? "continue" } }),
    ...(sessionOf === undefined ? {} : { session: { of: sessionOf } }),
  };
}

function compileLimits(errors: CompileErrors, { rate, budget, breaker }: Limits): CompiledLimits {
  const rateOf = compileOptional(errors, "limits.rate.key", rate?.key);
  return {
    ...(rate === undefined
      ? {}
      : {
          rate: {
            count: rate.count,
            perSeconds: rate.perSeconds,
            ...(rateOf === undefined ? {} : { of: rateOf }),
          },
        }),
    ...(budget === undefined ? {} : { budget }),
    ...(breaker === undefined
      ? {}
      : { breaker: { ...breaker, cooldownSeconds: breaker.cooldownSeconds ?? breaker.perSeconds } }),
  };
}
