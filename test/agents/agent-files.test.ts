import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { parseAgentFile } from "../../src/agents/markdown/parse-agent-file.ts";
import type { InvalidError } from "../../src/lib/errors.ts";

const fixture = (name: string): Promise<string> =>
  readFile(new URL(`../fixtures/agents/${name}.md`, import.meta.url), "utf8");

const file = (frontMatter: string, body = "Do it."): string => `---\n${frontMatter}\n---\n${body}\n`;

/** For assert.throws: the refusal of a file, at this line and field. */
function brokenAt(line: number, field: string) {
  return (error: InvalidError): true => {
    assert.equal(error.status, 422);
    assert.equal(error.code, "invalid_agent_file");
    assert.equal(error.errors?.[0]?.path, field);
    assert.match(error.message, new RegExp(`\\bline ${line}: `));
    return true;
  };
}

describe("an agent's Markdown file", () => {
  it("is read although its description is no YAML: colons, quotes and examples on one line", async () => {
    const agent = parseAgentFile(await fixture("code-reviewer"));
    assert.equal(agent.name, "code-reviewer");
    assert.match(agent.description ?? "", /^Use this agent when a change is ready to be looked at: after a feature/);
    assert.match(
      agent.description ?? "",
      /<\/example>\n\n<example>Context: A pull request was opened\.\nuser: "Is this fine\?"/,
    );
    assert.deepEqual(agent.tools, ["Read", "Grep", "Glob", "Bash(git diff:*, git log:*)", "WebFetch"]);
    assert.deepEqual([agent.model, agent.color], ["sonnet", "red"]);
    assert.match(agent.instructions ?? "", /^You are a senior reviewer\.[^]*---\n\nEnd with a verdict\.$/);
    assert.equal(agent.metadata, undefined);
  });

  it("is read with names that have spaces, nested servers, and keys that nobody knows", async () => {
    assert.deepEqual(parseAgentFile(await fixture("api-architect")), {
      name: "API Architect",
      type: "specialist",
      role: "Designs HTTP interfaces",
      team: "platform",
      model: "opus",
      color: "#3B82F6",
      priority: "high",
      capabilities: ["api_design", "Contracts: OpenAPI and JSON Schema", "versioning"],
      tools: ["Read", "Write"],
      maxTurns: 40,
      permissionMode: "acceptEdits",
      skills: ["openapi", "json-schema"],
      mcpServers: ["github", { docs: { type: "http", url: "https://docs.example/mcp" } }],
      instructions: "# API Architect\n\nDesign before you write.",
      metadata: { hooks: { PreToolUse: [{ matcher: "Bash", command: "./check.sh" }] }, version: 2.1 },
    });
  });

  it("is read with lists over several lines and a color that YAML takes for a comment", async () => {
    assert.deepEqual(parseAgentFile(await fixture("qa-lead")), {
      name: "QA Team Lead",
      description: "Plans tests, and says what was not tested.",
      team: "quality",
      color: "#FF8800",
      capabilities: ["test_planning", "risk assessment", "regression"],
      tools: ["Read", "Bash"],
      priority: 3,
      model: "haiku",
      limits: { concurrency: 2, timeoutSeconds: 600 },
      instructions: "Plan, then test.",
    });
  });

  it("is read with examples over many lines, whose lines are no fields", async () => {
    const { description, ...agent } = parseAgentFile(await fixture("incident-commander"));
    assert.match(
      description ?? "",
      /Examples:\n\n<example>\nContext: An alert[^]*model: is not a field[^]*<\/example>$/,
    );
    assert.deepEqual(agent, {
      name: "incident-commander",
      capabilities: ["triage", "escalation", "status_pages"],
      tools: ["*"],
      model: "inherit",
      maxTurns: 12,
      instructions: "Stay calm.",
      metadata: { "on-call": true },
    });
  });

  it("is read with CRLF, a byte order mark, no body and an empty field", () => {
    assert.deepEqual(parseAgentFile("\uFEFF---\r\nname: bare\r\ndescription:\r\n---\r\n"), { name: "bare" });
  });

  it("keeps an own key __proto__ and pollutes nothing", () => {
    const { metadata } = parseAgentFile(file("name: a\n__proto__:\n  polluted: true"));
    assert.deepEqual(Object.keys(metadata ?? {}), ["__proto__"]);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  for (const [what, text, line, field] of [
    ["no front matter", "# Just text", 1, "frontMatter"],
    ["an empty file", "", 1, "frontMatter"],
    ["front matter without an end", "---\nname: a\n", 1, "frontMatter"],
    ["no name", file("description: x"), 1, "name"],
    ["an empty front matter", "---\n---\n", 1, "name"],
    ["a list that is never closed", file("name: a\nmodel: opus\ntools: [Read, Write\ncolor: red"), 4, "tools"],
    ["a quote that is never closed", file('name: a\ndescription: "Use it when: so\nmodel: opus'), 3, "description"],
    ["a field that is there twice", file("name: a\nmodel: one\nmodel: two"), 4, "model"],
    ["a list for a name", file("model: x\nname: [a, b]"), 3, "name"],
    ["a name over 100 characters", file(`name: ${"a".repeat(101)}`), 2, "name"],
    ["a name that is a path", file("name: .."), 2, "name"],
    ["a color that is none", file('name: a\ncolor: "#12345"'), 3, "color"],
    ["turns that are no number", file("name: a\nmax_turns: many"), 3, "maxTurns"],
    ["an unknown runner", file("name: a\nrunner:\n  type: shell\n  command: rm"), 3, "runner.type"],
    ["a limit out of range", file("name: a\nlimits:\n  concurrency: 0"), 3, "limits.concurrency"],
    ["NUL in its body", file("name: a", "x\u0000y"), 1, "instructions"],
    ["lists ten thousand deep", file(`name: a\nx: ${"[".repeat(10_000)}`), 2, "frontMatter"],
    ["aliases that multiply", file(`name: a\na0: &a0 [x]\n${bomb()}`), 4, "a1"],
    ["a scalar", file("just words"), 2, "frontMatter"],
  ] as const)
    it(`is refused with ${what}`, () => {
      assert.throws(() => parseAgentFile(text), brokenAt(line, field));
    });
});

function bomb(): string {
  return Array.from({ length: 20 }, (_, index) => {
    const before = Array.from({ length: 10 }, () => `*a${index}`).join(", ");
    return `a${index + 1}: &a${index + 1} [${before}]`;
  }).join("\n");
}
