import type { VerificationScheme } from "../verification-scheme.ts";
import type { Provider } from "./provider.ts";

/** The webhooks of Meta's Graph API: one signature for Pages, Messenger, Instagram and WhatsApp. */
const shared = {
  algorithm: "hmac-sha256",
  // x-hub-signature, the SHA-1 of the same, comes along and is not looked at.
  header: "x-hub-signature-256",
  prefix: "sha256=",
  encoding: "hex",
  signed: ["body"],
  body: "json",
  keepHeaders: ["content-type", "user-agent"],
  handshake: {
    request: "get",
    match: [
      { query: "hub.mode", equals: "subscribe" },
      { query: "hub.verify_token", equalsSecret: "verify_token:" },
    ],
    respond: { text: { query: "hub.challenge" } },
  },
} satisfies VerificationScheme;

const form = {
  secretHint:
    "The app secret (App settings → Basic) as it is shown, and the verify token of your choice as verify_token: and the token.",
  secretFields: [
    { label: "App secret", hint: "App settings → Basic in the App Dashboard.", required: true },
    {
      label: "Verify token",
      hint: "A random text of your choice, typed in at the app's webhooks too; only the question at setup needs it.",
      prefix: "verify_token:",
      required: false,
    },
  ],
  handshake: "A GET with hub.mode=subscribe and the right hub.verify_token is answered with its hub.challenge as text.",
  successStatus: 200,
} satisfies Partial<Provider>;

export const meta: Provider = {
  ...form,
  id: "meta",
  name: "Meta (Facebook, Instagram, Messenger)",
  docsUrl: "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
  setup: [
    "Enter the App secret and a verify token of your choice here, and create the source first.",
    "Webhooks → your object in the App Dashboard: Callback URL {url} and the same Verify token. Verify and save, then subscribe to fields.",
  ],
  scheme: {
    ...shared,
    eventType: { joined: [{ pointer: "/object" }, { pointer: "/entry/0/changes/0/field" }] },
    batch: {
      items: ["/entry/*/changes/*", "/entry/*/messaging/*"],
      // Changes have no id, and what holds one is known by its bytes.
      deliveryId: { pointer: "/message/mid" },
      eventType: {
        firstOf: [{ pointer: "/field" }, { keyOtherThan: ["sender", "recipient", "timestamp"] }],
      },
    },
  },
  sample: {
    body: {
      object: "page",
      entry: [
        {
          id: "110000000000000",
          time: "$seconds",
          changes: [
            {
              field: "feed",
              value: {
                item: "comment",
                verb: "add",
                post_id: "44444444_444444444",
                comment_id: "$id",
                message: "Is it in stock?",
              },
            },
          ],
        },
      ],
    },
    eventType: "page.feed",
  },
};

export const whatsapp: Provider = {
  ...form,
  id: "whatsapp",
  name: "WhatsApp",
  docsUrl: "https://developers.facebook.com/docs/whatsapp/cloud-api/guides/set-up-webhooks",
  setup: [
    "Enter the App secret and a verify token of your choice here, and create the source first.",
    "WhatsApp → Configuration in the App Dashboard: Callback URL {url} and the same Verify token. Verify and save, then subscribe to messages.",
  ],
  scheme: {
    ...shared,
    // The field is `messages` for what comes in and for what becomes of what went out; the status tells them apart.
    eventType: {
      joined: [
        { pointer: "/object" },
        { pointer: "/entry/0/changes/0/field" },
        { pointer: "/entry/0/changes/0/value/statuses/0/status" },
      ],
    },
    batch: {
      items: "/entry/*/changes/*",
      // One message is sent, delivered and read under one id.
      deliveryId: {
        joined: [
          { pointer: ["/value/messages/0/id", "/value/statuses/0/id"] },
          { pointer: ["/value/statuses/0/status", "/value/messages/0/type"] },
        ],
        separator: ":",
      },
      eventType: { joined: [{ pointer: "/field" }, { pointer: "/value/statuses/0/status" }] },
    },
  },
  sample: {
    body: {
      object: "whatsapp_business_account",
      entry: [
        {
          id: "WHATSAPP_BUSINESS_ACCOUNT_ID",
          changes: [
            {
              field: "messages",
              value: {
                messaging_product: "whatsapp",
                metadata: { display_phone_number: "15550783881", phone_number_id: "106540352242922" },
                messages: [
                  {
                    from: "15555550100",
                    id: "wamid.$id",
                    timestamp: "1749416383",
                    type: "text",
                    text: { body: "Hello" },
                  },
                ],
              },
            },
          ],
        },
      ],
    },
    eventType: "whatsapp_business_account.messages",
  },
};
