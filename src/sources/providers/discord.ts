import type { Provider } from "./provider.ts";

/** Interactions and webhook events, which have the same signature and count their types differently. */
export const discord: Provider = {
  id: "discord",
  name: "Discord",
  docsUrl: "https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint",
  secretHint: "The application's public key (64 hex digits) at General Information in the Developer Portal.",
  setup: [
    "Copy the Public Key from General Information of your application here, and create the source first.",
    "Set {url} as the Interactions Endpoint URL (General Information), or as the endpoint of Webhooks → Events. Discord asks a PING, which is answered.",
  ],
  handshake: 'An interaction of type 1 (PING) is answered with {"type":1}, a webhook event of type 0 with 204.',
  scheme: {
    algorithm: "ed25519",
    header: "x-signature-ed25519",
    encoding: "hex",
    signed: [{ header: "x-signature-timestamp" }, "body"],
    // Discord names no tolerance, but waits three seconds for its answer.
    timestamp: { from: { header: "x-signature-timestamp" }, unit: "seconds", toleranceSeconds: 300 },
    secret: { encoding: "hex" },
    body: "json",
    deliveryId: { pointer: "/id" },
    eventType: { pointer: ["/event/type", "/type"] },
    keepHeaders: ["content-type", "user-agent", "x-signature-timestamp"],
    handshake: [
      { match: { pointer: "/type", equals: 0 }, respond: { status: 204 } },
      {
        match: [
          { pointer: "/type", equals: 1 },
          // A webhook event is of type 1 as well.
          { pointer: "/event", exists: false },
        ],
        respond: { json: { type: 1 } },
      },
    ],
    answer: [
      { match: { pointer: "/event", exists: true }, respond: { status: 204 } },
      // DEFERRED_CHANNEL_MESSAGE_WITH_SOURCE: "thinking", until somebody edits the reply by the interaction's token.
      { respond: { json: { type: 5 } } },
    ],
  },
  actor: ["/member/user/id", "/user/id"],
  sample: {
    body: {
      id: "$id",
      application_id: "845027738276462632",
      type: 2,
      version: 1,
      channel_id: "772908445358620702",
      guild_id: "772904309264089089",
      data: {
        id: "846462639134605312",
        name: "deploy",
        type: 1,
        options: [{ name: "service", type: 3, value: "api" }],
      },
      token: "A_UNIQUE_TOKEN",
    },
    eventType: "2",
  },
};
