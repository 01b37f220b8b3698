import type { presentLeasedTask } from "../tasks/present-leased-task.ts";

/** A task as text, for agents that are told in words: its instructions, and what people said to its questions. */
export function toldText({ instructions, ...task }: ReturnType<typeof presentLeasedTask>): string {
  const answers = ("answers" in task ? task.answers : []).map(
    ({ prompt, data }) => `You asked: ${prompt}\nThe answer: ${typeof data === "string" ? data : JSON.stringify(data)}`,
  );
  return [instructions, ...answers].join("\n\n");
}
