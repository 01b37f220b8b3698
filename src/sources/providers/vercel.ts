import type { Provider } from "./provider.ts";

export const vercel: Provider = {
  id: "vercel",
  name: "Vercel",
  docsUrl: "https://vercel.com/docs/webhooks/webhooks-api#securing-webhooks",
  secretHint: "The webhook's secret, shown once when it is created; for an integration, its client secret.",
  setup: [
    "Open Team Settings → Webhooks → Create Webhook. Endpoint URL: {url}.",
    "Choose the events and projects, create it, and copy the secret here.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha1",
    header: "x-vercel-signature",
    encoding: "hex",
    signed: ["body"],
    body: "json",
    deliveryId: { pointer: "/id" },
    eventType: { pointer: "/type" },
    keepHeaders: ["content-type", "user-agent"],
  },
  actor: ["/payload/user/id"],
  sample: {
    body: {
      id: "$id",
      type: "deployment.succeeded",
      createdAt: "$milliseconds",
      region: null,
      payload: {
        team: { id: "team_LLHUOMOoDlqOp8wPE4kFo9pE" },
        project: { id: "prj_Rej9WaMNRbffVm34MfDqa4daCEvZ" },
        deployment: { id: "dpl_5NEB3oJ9mHsTDMu4Hm9gHkd9rrTc", name: "docs", url: "docs-git-main.vercel.app" },
        target: "production",
      },
    },
    eventType: "deployment.succeeded",
  },
};
