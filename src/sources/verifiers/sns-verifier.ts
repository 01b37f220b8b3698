import { comparedKey, isAnyOf } from "../verification/code-key.ts";
import type { CodeRequest, CodeVerifier } from "../verification/code-verifier.ts";
import { readPointer } from "../verification/json-pointer.ts";
import type { RejectionReason } from "../verification/rejection.ts";
import { compileTimestamp, timestampProblem } from "../verification/signed-timestamp.ts";
import { decodeStrictly } from "../verification/strict-encoding.ts";
import { isPinnedUrl } from "./pinned-url.ts";
import { verifyByCertificate } from "./verify-by-certificate.ts";

const host = /^sns\.[a-z]{2}(?:-[a-z]+){1,3}-\d{1,2}\.amazonaws\.com(?:\.cn)?$/;
const certificatePath = /^\/SimpleNotificationService-[0-9A-Za-z]{1,64}\.pem$/;
const confirmationPath = /^\/\?Action=ConfirmSubscription&[A-Za-z0-9=&:%._~-]+$/;
const topicArn = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?$/;

const notification = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const confirmation = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
const signedFields: ReadonlyMap<string, readonly string[]> = new Map([
  ["Notification", notification],
  ["SubscriptionConfirmation", confirmation],
  ["UnsubscribeConfirmation", confirmation],
]);
const hashes: ReadonlyMap<string, "sha1" | "sha256"> = new Map([
  ["1", "sha1"],
  ["2", "sha256"],
]);

/** A delivery policy may go on trying for an hour, with the time at which the message was published. */
const timestamp = compileTimestamp({ from: { pointer: "/Timestamp" }, unit: "rfc3339", toleranceSeconds: 3600 });

/**
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html: signed fields as `Key\nValue\n`, RSA with a certificate that
 * the message names. Anybody may have a topic and Amazon sign for it, so the source's secret is the ARN of the topic that counts.
 */
export const snsVerifier: CodeVerifier = {
  signature:
    "rsa-sha1 or rsa-sha256 (`/SignatureVersion`), base64, in body `/Signature`, over the fields as name and value lines, by the certificate at `/SigningCertURL` on sns.*.amazonaws.com; 3600 s",
  headers: [],
  event: {
    body: "json",
    deliveryId: { pointer: "/MessageId" },
    eventType: { pointer: "/Type" },
    keepHeaders: ["content-type", "user-agent", "x-amz-sns-message-type", "x-amz-sns-subscription-arn"],
  },
  decodeSecret: (secret) =>
    topicArn.test(secret) ? comparedKey(secret) : "must be the topic's ARN, such as arn:aws:sns:eu-central-1:…",
  authenticate: (request, keys) => {
    const message = readMessage(request);
    if (typeof message === "string") return message;
    const { field, hash, content, signature } = message;
    if (timestamp === undefined || !isAnyOf(keys, field("TopicArn"))) return "wrong_sender";
    const tolerance = request.toleranceSeconds ?? timestamp.toleranceSeconds;
    const problem = timestampProblem(field("Timestamp"), timestamp, request.nowMs, tolerance);
    if (problem !== undefined) return problem;
    const url = field("SigningCertURL");
    if (!isPinnedUrl(url, host, certificatePath)) return "untrusted_url";
    if (field("Type") === "SubscriptionConfirmation" && !isPinnedUrl(field("SubscribeURL"), host, confirmationPath))
      return "untrusted_url";
    return verifyByCertificate(request, url, hash, [content], signature);
  },
  handshake: (body) => {
    if (readPointer(body, ["Type"]) !== "SubscriptionConfirmation") return undefined;
    const confirmUrl = String(readPointer(body, ["SubscribeURL"]));
    return { status: 200, contentType: "text/plain; charset=utf-8", body: "", confirmUrl };
  },
};

interface SnsMessage {
  readonly field: (name: string) => string;
  readonly hash: "sha1" | "sha256";
  readonly content: string;
  readonly signature: Buffer;
}

function readMessage(request: CodeRequest): SnsMessage | RejectionReason {
  const body = request.readBody();
  const field = (name: string) => {
    const value = body.ok ? readPointer(body.value, [name]) : undefined;
    return typeof value === "string" ? value : "";
  };
  const text = field("Signature");
  if (text === "") return "missing_signature";
  const hash = hashes.get(field("SignatureVersion"));
  if (hash === undefined) return "unknown_version";
  const signature = decodeStrictly(text, "base64", undefined);
  if (signature === undefined) return "malformed_signature";
  let content = "";
  for (const name of signedFields.get(field("Type")) ?? []) {
    const value = field(name);
    if (value === "" && name === "Subject") continue;
    // The message alone may have several lines: were there two such fields, one signature would fit two readings.
    if (value === "" ? name !== "Message" : name !== "Message" && value.includes("\n")) return "bad_signed_value";
    content += `${name}\n${value}\n`;
  }
  return content === "" ? "bad_signed_value" : { field, hash, content, signature };
}
