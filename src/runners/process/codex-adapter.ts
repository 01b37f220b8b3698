import { amountIn, objectIn, type OutputAdapter, type OutputNews, textIn, usageOf } from "./output-adapter.ts";

function itemNews(type: string, item: Readonly<Record<string, unknown>>): OutputNews {
  const kind = textIn(item, "type") ?? textIn(item, "item_type");
  const text = textIn(item, "text") ?? textIn(item, "command");
  const progress = { item: kind, ...(text === undefined ? {} : { text: text.slice(0, 2_000) }) };
  const isAnswer = type === "item.completed" && (kind === "agent_message" || kind === "assistant_message");
  return { type, progress, ...(isAnswer ? { result: { value: { text: text ?? "" } } } : {}) };
}

/** What `codex exec --json` writes: threads, turns and items, one JSON object a line. Its last message is the result. */
export const codexAdapter: OutputAdapter = {
  stdin: "text",
  textIsResult: false,
  read(line): OutputNews {
    const type = textIn(line, "type") ?? "output";
    switch (type) {
      case "thread.started": {
        const sessionId = textIn(line, "thread_id");
        return { type, ...(sessionId === undefined ? {} : { sessionId }) };
      }
      case "turn.completed": {
        const usage = objectIn(line, "usage");
        return {
          type,
          addsUsage: true,
          usage: usageOf({
            inputTokens: amountIn(usage, "input_tokens"),
            cachedInputTokens: amountIn(usage, "cached_input_tokens"),
            outputTokens: amountIn(usage, "output_tokens"),
          }),
        };
      }
      case "turn.failed": {
        const message = textIn(objectIn(line, "error"), "message") ?? "Codex could not finish its turn.";
        return { type, error: { code: "turn_failed", message, retryable: true } };
      }
      case "error":
        // Codex reports here, too, that it connects again: what follows decides.
        return { type, progress: { error: textIn(line, "message") } };
      default:
        return type.startsWith("item.") ? itemNews(type, objectIn(line, "item")) : { type };
    }
  },
};
