import { fillSample, type SampleMoment } from "./fill-sample.ts";
import type { ProviderSample, SampleValue } from "./providers/provider.ts";
import { type PointerPath, withValueAt } from "./verification/json-pointer.ts";
import type { SignatureMethod } from "./verification/signature-method.ts";
import { type SignedContent, signedContent } from "./verification/signed-content.ts";
import { writeTimestamp } from "./verification/signed-timestamp.ts";

/** To which source a sample goes, and when. */
export interface SampleRequest extends SampleMoment {
  /** The source's URL as the provider signs it. */
  readonly url: string;
}

/** A request as a provider would send it. */
export interface SampleDelivery {
  readonly method: "POST";
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly rawBody: Buffer;
}

/** A delivery that lacks nothing but its signature. */
interface PreparedSample {
  readonly rawBody: Buffer;
  /** What is signed around the body. */
  readonly content: SignedContent;
  /** Puts the signature, or the bytes of a static secret, where the provider puts it. */
  readonly complete: (signature: Buffer) => SampleDelivery;
}

/** Everything of a delivery that takes no secret; undefined when its id or its time does not fit what the scheme signs. */
export function prepareSample(
  method: SignatureMethod,
  request: SampleRequest,
  sample: ProviderSample,
): PreparedSample | undefined {
  const { timestamp } = method;
  const filled = fillSample(sample, request);
  const time = timestamp && writeTimestamp(timestamp, request.nowMs);
  const body = timestamp?.pointer === undefined ? filled.body : withTime(filled.body, timestamp.pointer, time);
  const rawBody = Buffer.from(JSON.stringify(body));

  const headers = [["Content-Type", "application/json"] as const, ...filled.headers];
  if (timestamp?.header !== undefined && time !== undefined) headers.push([timestamp.header, time]);
  const known = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
  for (const { kind, name } of method.variableParts)
    if (kind === "header" && !known.has(name)) {
      headers.push([name, request.id]);
      known.set(name, request.id);
    }
  const fields = new Map(
    method.otherFields.map((name) => [name, name === timestamp?.field ? (time ?? "") : request.id]),
  );

  const signed = { rawBody, method: "POST", url: request.url, nowMs: request.nowMs };
  const content = signedContent(signed, method, known, fields, []);
  if (typeof content === "string") return undefined;
  const complete = (signature: Buffer): SampleDelivery => {
    if (method.pointer === undefined)
      return { method: "POST", headers: [...headers, signatureHeader(method, fields, signature)], rawBody };
    const secret = signature.toString("utf8");
    return { method: "POST", headers, rawBody: Buffer.from(JSON.stringify(withValueAt(body, method.pointer, secret))) };
  };
  return { rawBody, content, complete };
}

/** A time that is written in digits is a number in JSON. */
function withTime(body: SampleValue, pointer: PointerPath, time: string | undefined): unknown {
  return withValueAt(body, pointer, time !== undefined && /^\d+$/.test(time) ? Number(time) : time);
}

function signatureHeader(
  method: SignatureMethod,
  fields: ReadonlyMap<string, string>,
  signature: Buffer,
): readonly [string, string] {
  const text = method.prefix + signature.toString(method.encoding === "plain" ? "latin1" : method.encoding);
  const separator = method.keyValueSeparator ?? "";
  const items = [...fields].map(([name, value]) => name + separator + value);
  items.push(method.field === undefined ? text : method.field + separator + text);
  return [method.headers[0] ?? "", items.join(method.itemSeparator ?? "")];
}
