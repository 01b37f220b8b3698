import type { Provider } from "../src/sources/providers/provider.ts";
import type { VerificationScheme } from "../src/sources/verification-scheme.ts";
import type { EventShape } from "../src/sources/verification/code-verifier.ts";
import { listOf } from "../src/sources/verification/scheme-shape.ts";
import type { MethodShape, ValueShape } from "../src/sources/verification/scheme-shape.ts";

/** What the page is made of. */
export interface ProviderDocs {
  readonly providers: readonly Provider[];
  /** By provider id: what its scheme was checked against. */
  readonly oracles: ReadonlyMap<string, readonly string[]>;
}

/** Entries that not even documentation stands behind, or not all of them. */
const hearsay: ReadonlyMap<string, string> = new Map([
  ["devin", "hearsay: we found no documentation of webhooks of its own"],
  ["openclaw", "documentation only (the token); hearsay (the signature)"],
]);

/** The text of docs/providers.md. */
export function renderProviderDocs({ providers, oracles }: ProviderDocs): string {
  const rows = providers.map((provider) => [
    provider.docsUrl === undefined ? provider.name : `[${provider.name}](${provider.docsUrl})`,
    code(provider.id),
    provider.verifier?.signature ??
      (provider.scheme && methodsOf(provider.scheme).map(signatureOf).join("<br>or ")) ??
      "",
    eventNames(provider),
    [provider.handshake, answerOf(provider)].flatMap((text) => (text === undefined ? [] : [prose(text)])).join(" "),
    evidenceOf(provider, oracles),
  ]);
  return [
    "# Providers",
    "",
    "Generated from the catalogue by `npm run docs:providers`; a test fails when it is out of date.",
    "",
    'A source names one of these, and needs nothing but its secret. What is not among them is declared: `provider: "custom"`',
    "with a `verification.scheme` of the same form (`GET /openapi.json`, VerificationScheme).",
    "",
    "## What is verified, and against what",
    "",
    "*Verified against* says who else says that the provider signs like this. *Library*: the tests run one that is the",
    "provider's own, or that it tells its users to take. *Recorded*: the tests hold a delivery that the provider, its",
    "documentation or its library signed. *Documentation only*: neither; the entry follows the provider's documentation, partly",
    "from memory, and no test would notice if we misread it. Every entry passes the conformance suite (`test/conformance`)",
    "besides: tampered, stale, future, rotated, doubled, truncated, misspelled and replayed deliveries, forged handshakes, fuzzing.",
    "",
    ...table(
      ["Provider", "`provider`", "Signature", "Delivery id · event type", "Handshake and answer", "Verified against"],
      rows,
    ),
    "",
    "## Where the secret is",
    "",
    ...table(
      ["`provider`", "Secret", "Setup"],
      providers.map(({ id, secretHint, setup }) => [code(id), prose(secretHint), setup.map(prose).join("<br>")]),
    ),
    "",
  ].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

/** Markdown takes `<token>` for a tag and drops it. */
function prose(text: string): string {
  return text.replaceAll("<", "&lt;");
}

function code(text: string): string {
  return `\`${text}\``;
}

function eventNames({ scheme, verifier }: Provider): string {
  const event = verifier?.event ?? scheme;
  return event === undefined ? "" : `${idOf(event)} · ${typeOf(event)}`;
}

function methodsOf(scheme: VerificationScheme): readonly MethodShape[] {
  return [scheme, ...(scheme.alternatives ?? [])];
}

function signatureOf(method: MethodShape): string {
  const place =
    method.pointer === undefined ? listOf(method.header).map(code).join(" or ") : `body ${code(method.pointer)}`;
  const written = [method.prefix, method.field === undefined ? undefined : `${method.field}${method.keyValueSeparator}`]
    .filter((text) => text !== undefined)
    .map((text) => ` after ${code(text)}`)
    .join("");
  if (method.algorithm === "static") return `the secret itself in ${place}${written}`;
  const signed = (method.signed ?? ["body"]).map(tokenText).join(" + ");
  const { timestamp } = method;
  const tolerance = timestamp === undefined ? "" : `; ${timestamp.toleranceSeconds ?? 300} s`;
  return `${method.algorithm}, ${method.encoding ?? "hex"}, in ${place}${written}, over ${signed}${tolerance}`;
}

function tokenText(token: NonNullable<MethodShape["signed"]>[number]): string {
  if (typeof token === "string") return token;
  if ("header" in token) return code(token.header);
  return "field" in token ? code(token.field) : `"${token.literal}"`;
}

function idOf({ deliveryId, batch, repeatWindowSeconds }: EventShape): string {
  if (deliveryId !== undefined) return valueText(deliveryId);
  if (batch?.deliveryId !== undefined) return `of each item: ${valueText(batch.deliveryId)}`;
  return repeatWindowSeconds === undefined ? "hash of the body" : `hash of the body, for ${repeatWindowSeconds} s`;
}

function typeOf({ eventType, batch }: EventShape): string {
  const value = eventType ?? batch?.eventType;
  return value === undefined ? "—" : valueText(value);
}

function valueText(value: ValueShape): string {
  if ("firstOf" in value) return value.firstOf.map(valueText).join(", else ");
  if ("joined" in value) return value.joined.map(valueText).join(` ${code(value.separator ?? ".")} `);
  if ("header" in value) return listOf(value.header).map(code).join(" or ");
  if ("pointer" in value) return listOf(value.pointer).map(code).join(" or ");
  return `first key but ${value.keyOtherThan.map(code).join(", ")}`;
}

function answerOf({ successStatus, scheme, verifier }: Provider): string | undefined {
  if (verifier?.answer !== undefined)
    return `Answers events with ${verifier.answer.status} and ${code(verifier.answer.body)}.`;
  const answers = listOf((verifier?.event ?? scheme)?.answer).map(({ match, respond }) => {
    const text = typeof respond.text === "string" ? respond.text : "an empty body";
    const body = respond.json === undefined ? text : code(JSON.stringify(respond.json));
    return `${match === undefined ? "events" : "some events"} with ${respond.status ?? 200} and ${body}`;
  });
  if (answers.length > 0) return `Answers ${answers.join(", ")}.`;
  return successStatus === undefined ? undefined : `Takes only ${successStatus} for success.`;
}

function evidenceOf({ id, docsUrl, scheme, verifier }: Provider, oracles: ProviderDocs["oracles"]): string {
  const found = oracles.get(id);
  if (found !== undefined) return found.join("; ");
  if ((scheme ?? verifier) === undefined || docsUrl === undefined) return "—";
  return hearsay.get(id) ?? "documentation only";
}
