import type { Context } from "../access/context.ts";
import { endpointSecretProblem, generateEndpointSecret } from "../endpoints/endpoint-secret.ts";
import { InvalidError } from "../lib/errors.ts";
import type { A2aRunner, HttpRunner, Runner, RunnerInput } from "./runner.ts";

/** What becomes of the secret of an agent's runner. */
export type SecretChange =
  | { readonly kind: "keep" }
  | { readonly kind: "drop" }
  | { readonly kind: "set"; readonly text: string; readonly isGenerated: boolean };

/** A runner that may be saved. */
export interface ResolvedRunner {
  readonly runner: Runner;
  readonly secret: SecretChange;
}

function refuse(field: string, message: string): InvalidError {
  const path = `runner.${field}`;
  return new InvalidError(`${path} ${message}`, [{ path, message }]);
}

function isSigned(runner: HttpRunner): boolean {
  return (runner.preset ?? "signed") === "signed";
}

// A secret goes only where it was given for: whoever may change a URL must not have a token sent there that he never saw.
function resolveSecret(runner: HttpRunner, given: string | undefined, before: Runner | undefined): SecretChange {
  if (given !== undefined) {
    // Any other text signs as it is.
    const problem = isSigned(runner) && given.startsWith("whsec_") ? endpointSecretProblem(given) : undefined;
    if (problem !== undefined) throw refuse("secret", problem);
    return { kind: "set", text: given, isGenerated: false };
  }
  const sameReceiver =
    before?.type === "http" &&
    isSigned(before) === isSigned(runner) &&
    new URL(before.url).origin === new URL(runner.url).origin;
  if (sameReceiver) return { kind: "keep" };
  if (isSigned(runner)) return { kind: "set", text: generateEndpointSecret(), isGenerated: true };
  throw refuse(
    "secret",
    `is required: it is the token for ${runner.preset}, and goes only to the URL that it came with`,
  );
}

// A peer needs none, so that one which must not go to another origin is dropped.
function resolvePeerSecret(runner: A2aRunner, given: string | undefined, before: Runner | undefined): SecretChange {
  if (given !== undefined) return { kind: "set", text: given, isGenerated: false };
  const isSame = before?.type === "a2a" && new URL(before.url).origin === new URL(runner.url).origin;
  return { kind: isSame ? "keep" : "drop" };
}

/**
 * Checks how an agent is to be reached, as far as that is known when it is saved. `before` is its runner until now. Throws
 * InvalidError for a command that the settings do not allow, a URL that may not be called, and a secret that does not fit.
 */
export function resolveRunner(ctx: Context, input: RunnerInput, before: Runner | undefined): ResolvedRunner {
  if (input.type === "pull") return { runner: input, secret: { kind: "drop" } };
  if (input.type === "process") {
    const { commands } = ctx.settings.runners.process;
    if (!Object.hasOwn(commands, input.command))
      throw refuse("command", "is not one of the commands that the hub's settings allow (runners.process.commands)");
    return { runner: input, secret: { kind: "drop" } };
  }
  const { secret: given, ...runner } = input;
  const checked = ctx.outbound.checkUrl(runner.url);
  if (!checked.ok) throw refuse("url", checked.reason);
  const secret =
    runner.type === "a2a" ? resolvePeerSecret(runner, given, before) : resolveSecret(runner, given, before);
  return { runner, secret };
}
