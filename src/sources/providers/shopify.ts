import type { Provider } from "./provider.ts";

export const shopify: Provider = {
  id: "shopify",
  name: "Shopify",
  docsUrl: "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
  secretHint:
    "The app's client secret; for webhooks made in a shop's admin, the key shown at Settings → Notifications → Webhooks.",
  setup: [
    "For an app: name {url} as the subscription's uri in shopify.app.toml or in webhookSubscriptionCreate. The secret is the app's client secret.",
    "For one shop: Settings → Notifications → Webhooks → Create webhook, format JSON, URL {url}. The key is shown below the list.",
  ],
  handshake: undefined,
  successStatus: 200,
  scheme: {
    algorithm: "hmac-sha256",
    // One of them comes: the older name with webhooks, the newer one with events.
    header: ["x-shopify-hmac-sha256", "shopify-hmac-sha256"],
    encoding: "base64",
    signed: ["body"],
    body: "json",
    // One event of a shop may cause webhooks of several topics, which then share the event id.
    deliveryId: {
      joined: [
        { header: ["x-shopify-event-id", "x-shopify-webhook-id", "shopify-webhook-id"] },
        { header: ["x-shopify-topic", "shopify-topic"] },
      ],
      separator: ":",
    },
    eventType: { header: ["x-shopify-topic", "shopify-topic"] },
    keepHeaders: [
      "content-type",
      "user-agent",
      "x-shopify-api-version",
      "x-shopify-event-id",
      "x-shopify-shop-domain",
      "x-shopify-test",
      "x-shopify-topic",
      "x-shopify-triggered-at",
      "x-shopify-webhook-id",
      "shopify-action",
      "shopify-api-version",
      "shopify-handle",
      "shopify-shop-domain",
      "shopify-topic",
      "shopify-triggered-at",
      "shopify-webhook-id",
    ],
  },
  sample: {
    headers: {
      "X-Shopify-Topic": "orders/create",
      "X-Shopify-Event-Id": "$id",
      "X-Shopify-Webhook-Id": "$id",
      "X-Shopify-Shop-Domain": "hookyard-test.myshopify.com",
      "X-Shopify-API-Version": "2026-04",
      "X-Shopify-Triggered-At": "$time",
    },
    body: {
      id: 5678901234,
      admin_graphql_api_id: "gid://shopify/Order/5678901234",
      created_at: "$time",
      currency: "EUR",
      financial_status: "paid",
      name: "#9999",
      total_price: "388.00",
      line_items: [{ id: 866550311766, title: "IPod Nano - 8GB", quantity: 1, price: "199.00" }],
    },
    eventType: "orders/create",
  },
};
