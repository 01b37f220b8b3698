import { listOf } from "./scheme-shape.ts";
import type {
  AnswerShape,
  ConditionShape,
  HandshakeShape,
  MethodShape,
  SchemeShape,
  ValueShape,
} from "./scheme-shape.ts";

/** One rule that a scheme breaks: where, and a sentence for whoever wrote it. */
interface SchemeProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Report = (path: readonly (string | number)[], message: string) => void;

/** Credentials of the request itself: an event keeps none of them, whatever its scheme says. */
const credentialHeaders = ["authorization", "proxy-authorization", "cookie", "set-cookie"];

/** The rules that span several fields of a scheme, each with the path of the field to mend. */
export function schemeProblems(scheme: SchemeShape): readonly SchemeProblem[] {
  const problems: SchemeProblem[] = [];
  const report: Report = (path, message) => problems.push({ path, message });
  const methods: readonly MethodShape[] = [scheme, ...(scheme.alternatives ?? [])];
  for (const [index, method] of methods.entries()) {
    const at = index === 0 ? [] : ["alternatives", index - 1];
    checkPlace(method, (path, message) => report([...at, ...path], message));
    checkSigned(method, (path, message) => report([...at, ...path], message));
  }

  const secretHeaders = new Set(credentialHeaders);
  for (const method of methods) for (const name of listOf(method.header)) secretHeaders.add(name.toLowerCase());
  for (const [index, name] of (scheme.keepHeaders ?? []).entries()) {
    if (secretHeaders.has(name.toLowerCase()))
      report(["keepHeaders", index], `${name} is a credential or a signature and is never kept`);
  }
  for (const field of ["deliveryId", "eventType"] as const) {
    const mayNotShow = (value: ValueShape | undefined) =>
      headersOf(value).some((name) => secretHeaders.has(name.toLowerCase()));
    const message = "cannot come from a credential or a signature header";
    if (mayNotShow(scheme[field])) report([field], message);
    if (mayNotShow(scheme.batch?.[field])) report(["batch", field], message);
  }
  for (const [index, handshake] of listOf(scheme.handshake).entries()) {
    const at = Array.isArray(scheme.handshake) ? ["handshake", index] : ["handshake"];
    checkHandshake(handshake, scheme, (path, message) => report([...at, ...path], message));
  }
  for (const [index, answer] of listOf(scheme.answer).entries()) {
    const at = Array.isArray(scheme.answer) ? ["answer", index] : ["answer"];
    checkAnswer(answer, "signed", scheme, (path, message) => report([...at, ...path], message));
  }
  return problems;
}

/** Where the signature stands. */
function checkPlace(method: MethodShape, report: Report): void {
  if ((method.header === undefined) === (method.pointer === undefined))
    report(["header"], "name either the header that carries the signature or a pointer into the body");
  if (method.pointer !== undefined && method.algorithm !== "static")
    report(["pointer"], "a body cannot carry its own signature: only a static secret can stand there");
  if ((method.field === undefined) !== (method.keyValueSeparator === undefined))
    report(["field"], "field and keyValueSeparator belong together");
  if (method.field !== undefined && method.itemSeparator === undefined)
    report(["itemSeparator"], "field needs itemSeparator, which splits the header into fields");
}

/** What is signed. */
function checkSigned(method: MethodShape, report: Report): void {
  if (method.algorithm === "static") {
    if (method.signed !== undefined) report(["signed"], "a static secret signs nothing");
    if (method.timestamp !== undefined) report(["timestamp"], "a timestamp that nothing signs proves nothing");
    return;
  }
  const signed = method.signed ?? ["body"];
  if (signed.filter((token) => token === "body").length !== 1)
    report(["signed"], "must contain body exactly once: an unsigned body could be exchanged");
  const signatureHeaders = new Set(listOf(method.header).map((name) => name.toLowerCase()));
  const covered = new Set<string>();
  for (const [index, token] of signed.entries()) {
    if (typeof token === "string") continue;
    if ("field" in token) {
      covered.add(`field ${token.field}`);
      if (method.field === undefined)
        report(["signed", index], "a field needs itemSeparator, keyValueSeparator and field to find it");
      else if (token.field === method.field) report(["signed", index], "the signature cannot be part of what it signs");
    }
    if ("header" in token) {
      covered.add(`header ${token.header.toLowerCase()}`);
      if (signatureHeaders.has(token.header.toLowerCase()))
        report(["signed", index], "the signature cannot be part of what it signs");
    }
  }
  const from = method.timestamp?.from;
  if (from === undefined || "pointer" in from) return;
  const source = "field" in from ? `field ${from.field}` : `header ${from.header.toLowerCase()}`;
  if (!covered.has(source)) report(["timestamp", "from"], "a timestamp that is not signed proves nothing");
}

function checkHandshake(handshake: HandshakeShape, scheme: SchemeShape, report: Report): void {
  checkAnswer(handshake, handshake.request ?? "signed", scheme, report);
  if (handshake.secretFrom !== undefined && handshake.request !== "unsigned")
    report(["secretFrom"], "belongs to request: unsigned: whoever can sign has handed over the secret already");
}

function checkAnswer(
  { match, respond }: AnswerShape,
  request: NonNullable<HandshakeShape["request"]>,
  scheme: SchemeShape,
  report: Report,
): void {
  const isGet = request === "get";
  for (const [index, condition] of listOf(match).entries()) {
    const at = Array.isArray(match) ? ["match", index] : ["match"];
    checkCondition(condition, isGet, (path, message) => report([...at, ...path], message));
  }
  if (respond.text !== undefined && respond.json !== undefined) report(["respond"], "text or json, not both");

  const parts = [respond.text, ...Object.values(respond.json ?? {})].filter((part) => typeof part === "object");
  for (const part of parts) {
    if ("query" in part !== isGet) report(["respond"], "query belongs to request: get, and only to it");
    if ("hmac" in part && request !== "signed")
      report(["respond"], "only a signed handshake is answered with a signature");
    if ("hmac" in part && !scheme.algorithm.startsWith("hmac-"))
      report(["respond"], "hmac needs an algorithm that is one");
  }
}

function checkCondition(condition: ConditionShape, isGet: boolean, report: Report): void {
  const { pointer, header, query, equals, exists, equalsSecret } = condition;
  const places = [pointer, header, query].filter((place) => place !== undefined);
  if (places.length !== 1) report([], "name exactly one of pointer, header and query");
  const tests = [equals, exists, equalsSecret].filter((test) => test !== undefined);
  if (tests.length !== 1) report([], "name exactly one of equals, exists and equalsSecret");
  if (isGet !== (query !== undefined)) report([], "query belongs to request: get, and only to it");
}

function headersOf(value: ValueShape | undefined): readonly string[] {
  if (value === undefined) return [];
  const choices = "firstOf" in value ? value.firstOf : [value];
  const parts = choices.flatMap((choice) => ("joined" in choice ? choice.joined : [choice]));
  return parts.flatMap((part) => ("header" in part ? listOf(part.header) : []));
}
