import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { WebhookDefinition } from "@octokit/webhooks-examples";
import { providers } from "../../src/sources/providers/catalogue.ts";
import { verificationScheme } from "../../src/sources/verification-scheme.ts";
import { listOf } from "../../src/sources/verification/scheme-shape.ts";
import {
  accepted,
  githubSecret,
  githubSignature,
  json,
  nowSeconds,
  refused,
  slackHeaders,
  slackSecret,
  sourceOf,
  stripeSecret,
  stripeSignature,
} from "./verify-support.ts";

/** The package's types call its JSON a module with a default export, which `import` does not find in them. */
const examples: readonly WebhookDefinition[] = createRequire(import.meta.url)("@octokit/webhooks-examples");
const form = "application/x-www-form-urlencoded";

describe("the provider catalogue", () => {
  it("lists every provider under its id, once, with all that a form needs", () => {
    const names = new Set<string>();
    for (const [id, provider] of providers) {
      assert.equal(provider.id, id);
      assert.match(id, /^[a-z0-9-]{2,40}$/);
      names.add(provider.name);
      assert.ok(provider.secretHint.length > 20, `${id}: where is the secret found?`);
      assert.ok(
        provider.setup.some((step) => step.includes("{url}")),
        `${id}: where does the URL go?`,
      );
      if (provider.docsUrl !== undefined) assert.match(provider.docsUrl, /^https:\/\/[^ ]+$/);
    }
    assert.equal(names.size, providers.size);
  });

  it("holds valid schemes, and none for custom", () => {
    for (const { id, scheme, verifier } of providers.values()) {
      if (id === "custom" || verifier !== undefined) assert.equal(scheme, undefined, id);
      else assert.doesNotThrow(() => verificationScheme.parse(scheme), id);
    }
  });

  it("says of each provider with a handshake what it is", () => {
    for (const { id, scheme, verifier, handshake } of providers.values()) {
      const asks = scheme?.handshake ?? verifier?.question ?? verifier?.handshake ?? verifier?.event.handshake;
      if (id !== "custom") assert.equal(asks === undefined, handshake === undefined, id);
    }
  });

  it("asks for every secret that a scheme knows by a prefix", () => {
    for (const { id, scheme, secretFields } of providers.values()) {
      const conditions = listOf(scheme?.handshake).flatMap(({ match }) => listOf(match));
      const prefixes = conditions.flatMap(({ equalsSecret }) => equalsSecret ?? []);
      assert.deepEqual(
        (secretFields ?? []).flatMap(({ prefix }) => prefix ?? []),
        prefixes,
        id,
      );
    }
  });

  it("keeps the user agent and the content type of every request", () => {
    for (const { id, scheme, verifier } of providers.values())
      for (const name of ["content-type", "user-agent"])
        assert.ok((verifier?.event ?? scheme)?.keepHeaders?.includes(name) ?? true, `${id} drops ${name}`);
  });
});

describe("github", () => {
  const source = sourceOf("github", githubSecret);

  it("reads event and action of every example payload", () => {
    let read = 0;
    for (const { name, examples: payloads } of examples) {
      for (const payload of payloads) {
        const body = JSON.stringify(payload);
        const { eventType, body: document } = accepted(source, {
          body,
          headers: [json, githubSignature(body), ["X-GitHub-Event", name], ["X-GitHub-Delivery", `d-${++read}`]],
        });
        const action = "action" in payload && typeof payload.action === "string" ? `.${payload.action}` : "";
        assert.equal(eventType, `${name}${action}`);
        assert.deepEqual(document, payload);
      }
    }
    assert.ok(read > 100, `${read} payloads`);
  });

  it("reads a payload in a form, verified as the form's bytes", () => {
    const payload = { action: "opened", issue: { title: "100% & more + \u{1f600}" } };
    const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    const headers = [["Content-Type", form], githubSignature(body), ["X-GitHub-Event", "issues"]] as const;
    const verified = accepted(source, { body, headers });
    assert.equal(verified.eventType, "issues.opened");
    assert.deepEqual(verified.body, payload);
    assert.equal(verified.contentType, form);
    const ofTheJson = [["Content-Type", form], githubSignature(JSON.stringify(payload))] as const;
    refused(source, { body, headers: ofTheJson }, "signature_mismatch");
    const broken = "payload=%7Bnot";
    refused(source, { body: broken, headers: [["Content-Type", form], githubSignature(broken)] }, "not_json", 400);
  });

  it("has no type of its own making where the event header is missing", () => {
    const body = '{"action":"opened"}';
    assert.equal(accepted(source, { body, headers: [json, githubSignature(body)] }).eventType, "unknown");
  });
});

describe("stripe", () => {
  it("reads id and type of the event", () => {
    const body = '{"id":"evt_1","object":"event","type":"invoice.paid"}';
    const header = `t=${nowSeconds},v1=${stripeSignature(nowSeconds, body)}`;
    const verified = accepted(sourceOf("stripe", stripeSecret), {
      body,
      headers: [json, ["Stripe-Signature", header]],
    });
    assert.equal(verified.deliveryId, "evt_1");
    assert.equal(verified.eventType, "invoice.paid");
  });
});

describe("slack", () => {
  const source = sourceOf("slack", slackSecret);

  it("gives a retried event the same id, and keeps which try it was", () => {
    const body = '{"type":"event_callback","event_id":"Ev08MFMKH6","event":{"type":"message"}}';
    const retry = [
      ...slackHeaders(body),
      ["X-Slack-Retry-Num", "1"],
      ["X-Slack-Retry-Reason", "http_timeout"],
    ] as const;
    const first = accepted(source, { body, headers: slackHeaders(body) });
    const second = accepted(source, { body, headers: retry });
    assert.equal(first.deliveryId, "Ev08MFMKH6");
    assert.equal(second.deliveryId, first.deliveryId);
    assert.equal(second.eventType, "message");
    assert.equal(second.headers["x-slack-retry-num"], "1");
    assert.equal(second.headers["x-slack-retry-reason"], "http_timeout");
    assert.equal("x-slack-signature" in second.headers, false);
  });

  it("reads an interaction in a form's payload", () => {
    const payload = { type: "block_actions", trigger_id: "12.34.ab", actions: [{ action_id: "approve" }] };
    const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    const verified = accepted(source, { body, headers: slackHeaders(body, form) });
    assert.equal(verified.eventType, "block_actions");
    assert.equal(verified.deliveryId, "12.34.ab");
    assert.deepEqual(verified.body, payload);
  });
});
