import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { accepted, refused, sourceOf } from "../sources/verify-support.ts";
import { recordedOracles } from "./recorded-oracles.ts";

const json = { "content-type": "application/json" };

describe("what others signed is accepted, and not when a byte of it is changed", () => {
  for (const [index, oracle] of recordedOracles.entries()) {
    it(`${oracle.provider}: ${oracle.from} (${index + 1})`, () => {
      const source = sourceOf(oracle.provider, oracle.secret);
      const { url, query, atMs, body, certificate } = oracle;
      const sent = {
        body,
        headers: Object.entries({ ...json, ...oracle.headers }),
        ...(url === undefined ? {} : { url }),
        ...(query === undefined ? {} : { query }),
        ...(certificate === undefined ? {} : { certificateOf: () => new X509Certificate(certificate) }),
        ...(atMs === undefined ? {} : { nowMs: atMs }),
      };
      const verified = accepted(source, sent);
      if (oracle.eventType !== undefined) assert.equal(verified.eventType, oracle.eventType);
      if (oracle.deliveryId !== undefined) assert.equal(verified.deliveryId, oracle.deliveryId);
      refused(source, { ...sent, body: `${body} ` }, "signature_mismatch");
      if (url !== undefined) refused(source, { ...sent, url: `${url}/` }, "signature_mismatch");
    });
  }
});
