import type { CommandSettings } from "../../platform/runner-settings.ts";
import { claudeAdapter } from "./claude-adapter.ts";
import { codexAdapter } from "./codex-adapter.ts";
import { genericAdapter } from "./generic-adapter.ts";
import type { OutputAdapter } from "./output-adapter.ts";

/** The reader of what a command writes. */
export function adapterOf({ adapter }: CommandSettings): OutputAdapter {
  switch (adapter) {
    case "claude":
      return claudeAdapter;
    case "codex":
      return codexAdapter;
    case "generic":
      return genericAdapter;
  }
}
