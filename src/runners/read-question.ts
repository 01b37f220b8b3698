import type { Question } from "../tasks/ask-for-input.ts";

const maxPromptCharacters = 10_000;
const maxExpirySeconds = 90 * 86_400;

/** What an agent asks in its own words, `{prompt, schema?, expiresInSeconds?}`; undefined when there is no prompt. */
export function readQuestion(value: Readonly<Record<string, unknown>>): Question | undefined {
  const { prompt, schema } = value;
  const seconds = value["expiresInSeconds"] ?? value["expires_in_seconds"];
  if (typeof prompt !== "string" || prompt === "") return undefined;
  const expires =
    typeof seconds === "number" && seconds >= 1 ? Math.min(Math.floor(seconds), maxExpirySeconds) : undefined;
  return {
    prompt: prompt.slice(0, maxPromptCharacters),
    ...(typeof schema === "object" && schema !== null && !Array.isArray(schema) ? { schema } : {}),
    ...(expires === undefined ? {} : { expiresInSeconds: expires }),
  };
}
