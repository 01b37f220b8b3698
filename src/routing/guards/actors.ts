import { providers } from "../../sources/providers/catalogue.ts";
import type { CompiledActors } from "../compiled-route.ts";
import type { EventDocument } from "../event-document.ts";
import { compileWildcard } from "../wildcard.ts";

type Matcher = (actor: string) => boolean;

interface Lists {
  readonly allow: Matcher | undefined;
  readonly deny: Matcher | undefined;
}

/** In patterns only `*` means something; names such as `dependabot[bot]` are taken as they are. */
function compilePattern(pattern: string): Matcher {
  const wildcard = compileWildcard(pattern.replaceAll("\\", "\\\\").replaceAll(/\*+/g, "*"));
  return wildcard.ok ? wildcard.matches : () => false;
}

function compileList(patterns: readonly string[] | undefined): Matcher | undefined {
  if (patterns === undefined) return undefined;
  const plain = new Set(patterns.filter((pattern) => !pattern.includes("*")));
  const wild = patterns.filter((pattern) => pattern.includes("*")).map(compilePattern);
  return (actor) => plain.has(actor) || wild.some((matches) => matches(actor));
}

// Compiled when first asked, and as long as the route is in memory.
const compiled = new WeakMap<CompiledActors, Lists>();

function listsOf(actors: CompiledActors): Lists {
  let lists = compiled.get(actors);
  if (lists === undefined) {
    const { allow, deny } = actors;
    lists = { allow: compileList(allow), deny: compileList(deny?.map((pattern) => pattern.toLowerCase())) };
    compiled.set(actors, lists);
  }
  return lists;
}

function readPath(body: unknown, path: readonly string[]): unknown {
  let current = body;
  for (const key of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Readonly<Record<string, unknown>>)[key];
  }
  return current;
}

/** Who caused an event: what the route's own path says, else where its provider is known to say it. Undefined when nobody can tell. */
export function findActor({ of }: CompiledActors, document: EventDocument): string | undefined {
  if (of !== undefined) {
    const found = of(document);
    return found.ok && found.value !== "" ? found.value : undefined;
  }
  for (const pointer of providers.get(document.provider)?.actor ?? []) {
    const found = readPath(document.body, pointer.slice(1).split("/"));
    if (typeof found === "string" && found !== "") return found;
    if (typeof found === "number") return String(found);
  }
  return undefined;
}

/**
 * Why this actor's events are not for the route; undefined when they are. A list of those denied wins, and does not tell
 * capitals from small letters, while a list of those allowed does: either errs on the safe side. Whom nobody knows is on no list.
 */
export function refusalOf(actors: CompiledActors, actor: string | undefined): string | undefined {
  const { allow, deny } = listsOf(actors);
  if (actor === undefined)
    return allow === undefined
      ? undefined
      : "who caused it is not known, and actors.allow names those whose events count";
  const shown = JSON.stringify(actor.slice(0, 200));
  if (deny?.(actor.toLowerCase()) === true) return `actors.deny has ${shown}`;
  return allow === undefined || allow(actor) ? undefined : `actors.allow does not have ${shown}`;
}
