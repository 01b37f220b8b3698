import { amountIn, objectIn, type OutputAdapter, type OutputNews, textIn, usageOf } from "./output-adapter.ts";

// What trying again does not change.
const finalErrors: ReadonlySet<string> = new Set(["error_max_turns", "error_max_budget_usd"]);

function resultOf(line: Readonly<Record<string, unknown>>): OutputNews {
  const usage = objectIn(line, "usage");
  const sessionId = textIn(line, "session_id");
  const inputs = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
  const counted = inputs.map((name) => amountIn(usage, name)).filter((count) => count !== undefined);
  const news = {
    type: "result",
    usage: usageOf({
      inputTokens: counted.length === 0 ? undefined : counted.reduce((sum, count) => sum + count, 0),
      cachedInputTokens: amountIn(usage, "cache_read_input_tokens"),
      outputTokens: amountIn(usage, "output_tokens"),
      costUsd: amountIn(line, "total_cost_usd"),
      durationMs: amountIn(line, "duration_ms"),
      turns: amountIn(line, "num_turns"),
    }),
    ...(sessionId === undefined ? {} : { sessionId }),
  };
  const subtype = textIn(line, "subtype") ?? "success";
  const text = textIn(line, "result");
  if (subtype === "success" && line["is_error"] !== true) {
    const structured = line["structured_output"];
    return { ...news, result: { value: structured === undefined ? { text: text ?? "" } : structured } };
  }
  const code = subtype === "success" ? "agent_error" : subtype.slice(0, 100);
  const message = text ?? `Claude Code ended with ${subtype}.`;
  return { ...news, error: { code, message, retryable: !finalErrors.has(subtype) } };
}

function progressOf(message: Readonly<Record<string, unknown>>): object {
  const content = Array.isArray(message["content"]) ? (message["content"] as unknown[]) : [];
  const blocks = content.filter(
    (block): block is Record<string, unknown> => typeof block === "object" && block !== null,
  );
  const text = blocks.map((block) => textIn(block, "text")).findLast((found) => found !== undefined);
  const tools = blocks.filter((block) => block["type"] === "tool_use").map((block) => textIn(block, "name"));
  return { ...(text === undefined ? {} : { text: text.slice(0, 2_000) }), ...(tools.length === 0 ? {} : { tools }) };
}

/** What `claude -p --output-format stream-json --verbose` writes (code.claude.com/docs, "Headless mode"). */
export const claudeAdapter: OutputAdapter = {
  stdin: "text",
  textIsResult: false,
  read(line): OutputNews {
    const type = textIn(line, "type") ?? "output";
    const sessionId = textIn(line, "session_id");
    if (type === "result") return resultOf(line);
    if (type === "assistant") return { type, progress: progressOf(objectIn(line, "message")) };
    const subtype = textIn(line, "subtype");
    return {
      type: subtype === undefined ? type : `${type}.${subtype}`,
      ...(sessionId === undefined ? {} : { sessionId }),
    };
  },
};
