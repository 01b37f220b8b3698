import assert from "node:assert/strict";
import type { VerifiedRequest } from "../../src/sources/verify-request.ts";
import { nowMs, type Subject, subjects, type TestSecret, verify } from "../conformance/subject.ts";

const all = subjects();

function subjectOf(providerId: string): Subject {
  return all.find(({ provider }) => provider.id === providerId) ?? assert.fail(`no provider ${providerId}`);
}

/** A provider's source, to which signed deliveries of one's own come. */
export function receiverOf(providerId: string) {
  const subject = subjectOf(providerId);
  const secret: TestSecret = subject.newSecret();
  const receive = (body: unknown, headers: Readonly<Record<string, string>> = {}, atMs = nowMs): VerifiedRequest => {
    const delivery = subject.deliver(secret, { atMs, rewrite: () => Buffer.from(JSON.stringify(body)) });
    const names = Object.keys(headers).map((name) => name.toLowerCase());
    const others = delivery.headers.filter(([name]) => !names.includes(name.toLowerCase()));
    const result = verify(subject, [secret], { ...delivery, headers: [...others, ...Object.entries(headers)] }, atMs);
    assert.ok(result.ok, result.ok ? "" : `refused as ${result.reason}`);
    return result;
  };
  return { subject, secret, receive };
}
