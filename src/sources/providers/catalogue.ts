import { github } from "./github.ts";
import type { Provider } from "./provider.ts";
import { slack } from "./slack.ts";
import { standardWebhooks, svix } from "./standard-webhooks.ts";
import { stripe } from "./stripe.ts";

const custom: Provider = {
  id: "custom",
  name: "Custom",
  secretHint: "Whatever the sender signs with, written as the source's own verification.scheme says.",
  handshake: "As the scheme says.",
  scheme: undefined,
};

/** Every provider that a source can name, by id. Adding one is adding its data here, and a vector or a signed fixture to its test. */
export const providers: ReadonlyMap<string, Provider> = new Map(
  [github, stripe, slack, standardWebhooks, svix, custom].map((provider) => [provider.id, provider]),
);
