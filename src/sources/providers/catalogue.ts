import { adyen } from "./adyen.ts";
import { asana } from "./asana.ts";
import { awsSns } from "./aws-sns.ts";
import { bitbucket } from "./bitbucket.ts";
import { box } from "./box.ts";
import { calendly } from "./calendly.ts";
import { cursor } from "./cursor.ts";
import { custom } from "./custom.ts";
import { devin } from "./devin.ts";
import { discord } from "./discord.ts";
import { docusign } from "./docusign.ts";
import { dropbox } from "./dropbox.ts";
import { figma } from "./figma.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { hubspot, hubspotLegacy } from "./hubspot.ts";
import { intercom } from "./intercom.ts";
import { jiraOauth } from "./jira-oauth.ts";
import { jira } from "./jira.ts";
import { line } from "./line.ts";
import { linear } from "./linear.ts";
import { mailgun } from "./mailgun.ts";
import { meta, whatsapp } from "./meta.ts";
import { microsoftGraph } from "./microsoft-graph.ts";
import { notion } from "./notion.ts";
import { openclaw } from "./openclaw.ts";
import { paddle } from "./paddle.ts";
import { pagerduty } from "./pagerduty.ts";
import { paypal } from "./paypal.ts";
import type { Provider } from "./provider.ts";
import { sendgrid } from "./sendgrid.ts";
import { sentry } from "./sentry.ts";
import { shopify } from "./shopify.ts";
import { slack } from "./slack.ts";
import { square } from "./square.ts";
import { anthropic, clerk, openai, replicate, resend } from "./standard-senders.ts";
import { standardWebhooks, svix } from "./standard-webhooks.ts";
import { apiKey, basic, bearer, mtlsHeader } from "./static-credentials.ts";
import { stripe } from "./stripe.ts";
import { telegram } from "./telegram.ts";
import { twilio } from "./twilio.ts";
import { twitch } from "./twitch.ts";
import { typeform } from "./typeform.ts";
import { vercel } from "./vercel.ts";
import { xero } from "./xero.ts";
import { zendesk } from "./zendesk.ts";
import { zoom } from "./zoom.ts";

const services: readonly Provider[] = [
  adyen,
  anthropic,
  asana,
  awsSns,
  bitbucket,
  box,
  calendly,
  clerk,
  cursor,
  devin,
  discord,
  docusign,
  dropbox,
  figma,
  github,
  gitlab,
  hubspot,
  hubspotLegacy,
  intercom,
  jira,
  jiraOauth,
  line,
  linear,
  mailgun,
  meta,
  microsoftGraph,
  notion,
  openai,
  openclaw,
  paddle,
  pagerduty,
  paypal,
  replicate,
  resend,
  sendgrid,
  sentry,
  shopify,
  slack,
  square,
  stripe,
  telegram,
  twilio,
  twitch,
  typeform,
  vercel,
  whatsapp,
  xero,
  zendesk,
  zoom,
];

const ways: readonly Provider[] = [standardWebhooks, svix, bearer, basic, apiKey, mtlsHeader, custom];

/**
 * Every provider that a source can name, by id: services by their names, then ways of signing that are no one's. Adding one is adding
 * its data here, with a sample: the conformance suite does the rest.
 */
export const providers: ReadonlyMap<string, Provider> = new Map(
  [...services, ...ways].map((provider) => [provider.id, provider]),
);
