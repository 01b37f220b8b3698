import type { Provider } from "./provider.ts";

export const dropbox: Provider = {
  id: "dropbox",
  name: "Dropbox",
  docsUrl: "https://www.dropbox.com/developers/reference/webhooks",
  secretHint: "The app's secret, on the Settings tab of the app in the App Console.",
  setup: [
    "Copy the App secret from the app's Settings tab here, and create the source first.",
    "Webhooks → Webhook URIs on the same tab: add {url}. Dropbox asks it a challenge, which is answered.",
  ],
  handshake: "A GET with a challenge is answered with it as text.",
  scheme: {
    algorithm: "hmac-sha256",
    header: "x-dropbox-signature",
    encoding: "hex",
    signed: ["body"],
    body: "json",
    // A notification only says whose files changed: two changes of one account have the same body. A repeat is what comes within
    // seconds; more than that, and a change after the first would be lost.
    repeatWindowSeconds: 10,
    eventType: { keyOtherThan: ["delta"] },
    keepHeaders: ["content-type", "user-agent"],
    handshake: {
      request: "get",
      match: { query: "challenge", exists: true },
      respond: { text: { query: "challenge" } },
    },
  },
  sample: {
    body: { list_folder: { accounts: ["dbid:$id"] }, delta: { users: ["$number"] } },
    eventType: "list_folder",
  },
};
