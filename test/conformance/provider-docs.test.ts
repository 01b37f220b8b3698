import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { renderProviderDocs } from "../../scripts/provider-docs.ts";
import { providerDocsInput } from "../../scripts/provider-docs-input.ts";

/** Everyone whom the hub means to take webhooks from. */
const wanted =
  "github gitlab bitbucket jira standard-webhooks openai replicate anthropic svix clerk resend stripe slack zoom shopify square " +
  "hubspot twilio sendgrid discord linear paddle line pagerduty sentry vercel notion typeform calendly intercom zendesk docusign " +
  "dropbox xero asana meta whatsapp twitch mailgun figma telegram box adyen aws-sns paypal microsoft-graph jira-oauth cursor devin openclaw " +
  "custom bearer basic api-key mtls-header";

describe("docs/providers.md", () => {
  const input = providerDocsInput();

  it("is what the catalogue says; npm run docs:providers writes it anew", () => {
    const written = readFileSync(new URL("../../docs/providers.md", import.meta.url), "utf8");
    assert.equal(written, renderProviderDocs(input));
  });

  it("has every provider that is wanted", () => {
    const known = new Set(input.providers.map(({ id }) => id));
    assert.deepEqual(
      wanted.split(" ").filter((id) => !known.has(id)),
      [],
    );
  });

  it("names no oracle for a provider that there is not", () => {
    const ids = new Set(input.providers.map(({ id }) => id));
    for (const id of input.oracles.keys()) assert.ok(ids.has(id), id);
  });
});
