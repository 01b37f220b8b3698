import { createHash } from "node:crypto";
import type { Response } from "express";

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as HTML text or as the value of a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? "");
}

/** A page that needs nothing but itself. `body` is HTML; what came from outside has been escaped in it. */
export interface Page {
  readonly title: string;
  readonly style: string;
  readonly body: string;
  readonly script?: string;
}

function hashOf(content: string): string {
  return `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
}

/** Makes what answers with this page. Its policy lets just its own style and script run, by their hashes (CSP level 2). */
export function pageResponder({ title, style, body, script }: Page): (response: Response) => void {
  const scriptTag = script === undefined ? "" : `<script>${script}</script>`;
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>${style}</style></head>
<body>${body}${scriptTag}</body></html>
`;
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(style)}`,
    ...(script === undefined ? [] : [`script-src ${hashOf(script)}`]),
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return (response) => {
    response.set({ "Content-Security-Policy": policy, "Cache-Control": "no-cache" }).type("html").send(html);
  };
}
