import { readQuestion } from "../read-question.ts";
import { amountIn, objectIn, type OutputAdapter, type OutputNews, textIn, usageOf } from "./output-adapter.ts";

function usageIn(line: Readonly<Record<string, unknown>>): Readonly<Record<string, number>> {
  const amounts = Object.entries(line).map(([name, value]) => [name, typeof value === "number" ? value : undefined]);
  const known = usageOf(Object.fromEntries(amounts) as Record<string, number | undefined>);
  return usageOf({
    ...known,
    inputTokens: amountIn(line, "inputTokens") ?? amountIn(line, "input_tokens"),
    outputTokens: amountIn(line, "outputTokens") ?? amountIn(line, "output_tokens"),
    costUsd: amountIn(line, "costUsd") ?? amountIn(line, "cost_usd"),
  });
}

function withoutType(line: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(line).filter(([key]) => key !== "type"));
}

function artifactIn(line: Readonly<Record<string, unknown>>): object {
  const { content_type, content_base64, ...fields } = withoutType(line);
  return {
    ...fields,
    ...(content_type === undefined ? {} : { contentType: content_type }),
    ...(content_base64 === undefined ? {} : { contentBase64: content_base64 }),
  };
}

/**
 * The hub's own lines, for scripts: `{"type": "progress", …}`, `{"type": "usage", "input_tokens": 1}`, `{"type": "session",
 * "session_id": "…"}`, `{"type": "result", "result": …, "usage": {…}}`, `{"type": "error", "code": "…", "message": "…",
 * "retryable": true}`, `{"type": "input_required", "prompt": "…", "schema": {…}}`, `{"type": "artifact",
 * "name": "…", "content_type": "…", "content": "…"}`; any other type is an event of that name. Without a result line the result is the text of the output.
 */
export const genericAdapter: OutputAdapter = {
  stdin: "json",
  textIsResult: true,
  read(line): OutputNews {
    const type = textIn(line, "type") ?? "output";
    const sessionId = textIn(line, "session_id");
    const session = sessionId === undefined ? {} : { sessionId };
    switch (type) {
      case "progress":
        return { type, progress: withoutType(line), ...session };
      case "usage":
        return { type, usage: usageIn(withoutType(line)), ...session };
      case "result": {
        const usage = usageIn(objectIn(line, "usage"));
        const value = "result" in line ? line["result"] : withoutType(line);
        return { type, result: { value }, ...(Object.keys(usage).length === 0 ? {} : { usage }), ...session };
      }
      case "artifact":
        return { type, artifact: artifactIn(line), ...session };
      case "input_required": {
        const question = readQuestion(line);
        return { type, ...(question === undefined ? {} : { question }), ...session };
      }
      case "error": {
        const inner = { ...line, ...objectIn(line, "error") };
        const error = {
          code: textIn(inner, "code")?.slice(0, 100) ?? "agent_error",
          message: textIn(inner, "message") ?? textIn(line, "error") ?? "The command reported an error.",
          retryable: inner["retryable"] === true,
        };
        return { type, error, ...session };
      }
      default:
        return { type, ...session };
    }
  },
};
