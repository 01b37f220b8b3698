import type { Provider } from "./provider.ts";

export const custom: Provider = {
  id: "custom",
  name: "Custom",
  docsUrl: undefined,
  secretHint: "Whatever the sender signs with, written as the source's own verification.scheme says.",
  setup: [
    "Write down how the sender signs as verification.scheme.",
    "Register {url} at the sender, and enter the secret that it signs with here.",
  ],
  handshake: "As the scheme says.",
  scheme: undefined,
  sample: undefined,
};
