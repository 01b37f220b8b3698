import { agentFileError } from "./agent-file-error.ts";

/** An agent's file in its two parts. */
export interface SplitFile {
  readonly frontMatter: string;
  /** The text below the front matter, without blank lines around it. */
  readonly body: string;
}

/** Which line of the file the front matter begins in: the one below the first fence. */
export const firstFrontMatterLine = 2;

const fence = /^---[ \t]*$/;

/** Takes a Markdown file apart at the fences of its front matter. Throws InvalidError when it has none, or no end of it. */
export function splitAgentFile(text: string): SplitFile {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  if (!fence.test(lines[0] ?? ""))
    throw agentFileError(1, "frontMatter", "must begin with front matter: a line ---, then name: …, then a line ---");
  const end = lines.findIndex((line, index) => index > 0 && fence.test(line));
  if (end === -1)
    throw agentFileError(1, "frontMatter", "the front matter that begins here has no line --- at its end");
  return {
    frontMatter: lines.slice(1, end).join("\n"),
    body: lines
      .slice(end + 1)
      .join("\n")
      .trim(),
  };
}
