import type { Provider } from "./provider.ts";

export const figma: Provider = {
  id: "figma",
  name: "Figma",
  docsUrl: "https://developers.figma.com/docs/rest-api/webhooks-security/",
  secretHint: "The passcode (at most 100 characters) that you pass when you create the webhook by the API.",
  setup: [
    "Create the source with a random text as its secret.",
    "POST https://api.figma.com/v2/webhooks with the event_type, context, endpoint {url} and the same text as passcode. Figma sends a PING, which is answered.",
    "Figma signs nothing: it sends the passcode in every body, which the stored event therefore holds.",
  ],
  handshake: "A PING is answered with an empty 200; a 400 would end it.",
  successStatus: 200,
  scheme: {
    algorithm: "static",
    pointer: "/passcode",
    body: "json",
    // No id, and `retries` in the body changes with a retry.
    deliveryId: {
      joined: [
        { pointer: "/webhook_id" },
        { pointer: "/event_type" },
        { pointer: ["/comment_id", "/version_id", "/node_id", "/file_key"] },
        { pointer: "/timestamp" },
      ],
      separator: ":",
    },
    eventType: { pointer: "/event_type" },
    handshake: { match: { pointer: "/event_type", equals: "PING" }, respond: {} },
  },
  actor: ["/triggered_by/id"],
  sample: {
    body: {
      event_type: "FILE_COMMENT",
      passcode: "",
      protocol_version: "2",
      retries: 0,
      timestamp: "$time",
      webhook_id: "22",
      file_key: "zH4QeA3Dh9yRrZDsVS9x",
      file_name: "Design system",
      comment_id: "$id",
      comment: [{ text: "Please align the buttons" }],
    },
    eventType: "FILE_COMMENT",
  },
};
