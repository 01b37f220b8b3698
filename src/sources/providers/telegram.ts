import type { Provider } from "./provider.ts";

export const telegram: Provider = {
  id: "telegram",
  name: "Telegram",
  docsUrl: "https://core.telegram.org/bots/api#setwebhook",
  secretHint: "The secret_token (1 to 256 of A-Z, a-z, 0-9, _ and -) that you pass to setWebhook.",
  setup: [
    "Create the source with a random text as its secret.",
    "Call https://api.telegram.org/bot<token>/setWebhook with url {url} and the same text as secret_token.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "static",
    header: "x-telegram-bot-api-secret-token",
    body: "json",
    deliveryId: { pointer: "/update_id" },
    eventType: { keyOtherThan: ["update_id"] },
  },
  actor: ["/message/from/id", "/edited_message/from/id", "/callback_query/from/id"],
  sample: {
    body: {
      update_id: "$number",
      message: {
        message_id: 1365,
        date: "$seconds",
        chat: { id: -1001234567890, type: "supergroup", title: "Operations" },
        text: "/status",
      },
    },
    eventType: "message",
  },
};
