import assert from "node:assert/strict";
import { parseReport } from "../../src/tasks/parse-report.ts";

const five = ["plan", "endpoints", "databaseImpact", "tests", "risks"];

describe("A report", () => {
  it("is read by its sections", () => {
    const text = `# Report\nFor you.\n## Plan\n1. This\n2. That\n\n## Endpoints/Contracts\n\n| a | b |\n|---|---|\n
## Database Impact\nNone.\n## Tests\n- one\n## Risks & Rollbacks\nNone, \`git revert\`.\n\n## Notes\nNot of it.\n`;
    assert.deepEqual(parseReport(text), {
      plan: "1. This\n2. That",
      endpoints: "| a | b |\n|---|---|",
      databaseImpact: "None.",
      tests: "- one",
      risks: "None, `git revert`.",
    });
  });

  const dialects: Record<string, readonly string[]> = {
    "another case": ["# PLAN", "# endpoints / contracts", "# Database impact", "# TESTS", "# Risks and rollbacks"],
    numbers: [
      "## 1. Plan",
      "## 2) Endpoints & Contracts",
      "## 3 Database Impact",
      "## 4: Tests",
      "## V. Risk/Rollback",
    ],
    "other levels": ["### Plan", "### Endpoints", "#### Database Impact", "### Tests", "###### Risks & Roll Backs"],
    decoration: ["## **Plan**:", "## `Contracts` ##", "## 🗄 Database Impact", "## _Tests_", "## Risks + Rollbacks"],
    "lines below": ["Plan\n====", "Endpoints/Contracts\n---", "DB Impact\n---", "Test Plan\n-", "Risks\n----"],
    "bold lines": [
      "**Plan**",
      "**2. Endpoints/Contracts:**",
      "**Database Impact**:",
      "__Tests__",
      "**Risks & Rollbacks**",
    ],
  };
  for (const [name, headings] of Object.entries(dialects))
    it(`may have headings in ${name}`, () => {
      for (const newline of ["\n", "\r\n"]) {
        const report = parseReport(
          headings
            .map((heading, index) => `${heading}\n\ntext ${index}\n`)
            .join("\n")
            .replaceAll("\n", newline),
        );
        assert.deepEqual(report, Object.fromEntries(five.map((section, index) => [section, `text ${index}`])));
      }
    });

  it("keeps what stands below a section's own headings, and code, as they are", () => {
    const text =
      "## Plan\n### Tests\nof the plan\n~~~md\n## Tests\n~~~\n## Database Impact\nx\n## Tests\nreal\n## Risks\n```\n## Plan";
    assert.deepEqual(parseReport(text), {
      plan: "### Tests\nof the plan\n~~~md\n## Tests\n~~~",
      databaseImpact: "x",
      tests: "real",
      risks: "```\n## Plan",
    });
  });

  it("is none with fewer than three sections, and takes the first of two of a kind", () => {
    for (const text of [
      "",
      "Plan, Tests, Risks",
      "# Plan\nx\n# Tests\ny",
      "# Plan\n# Plan\n# Plan",
      "#Plan\n#Tests\n#Risks",
    ])
      assert.equal(parseReport(text), undefined, text);
    assert.deepEqual(parseReport("# Plan\na\n# Tests\n# Risks\nr\n# Plan\nb"), { plan: "a", tests: "", risks: "r" });
  });

  it("takes no more than its length in time, whatever it is", () => {
    const size = 262_144;
    const fill = (text: string): string => text.repeat(size / text.length);
    const hostile = [
      "#",
      "# Plan\n",
      "\n",
      "=",
      "-\n",
      "a\n-\n",
      "**",
      "```\n",
      "~",
      " ",
      "\t#",
      "# &/&/",
      "# **a** ",
      "\u0000",
      "# ſ́\n",
      "__Plan__\n",
    ];
    const startedAt = performance.now();
    for (const text of hostile) {
      parseReport(fill(text));
      parseReport(`# ${fill(text)}`);
      parseReport(`${fill(text)}x`);
    }
    // 48 texts of a quarter of a megabyte: a second on a slow machine, where something quadratic takes minutes.
    assert.ok(performance.now() - startedAt < 10_000);
  });

  it("has no sections but its own", () => {
    const report = parseReport("# __proto__\nx\n# constructor\nx\n# Plan\na\n# Tests\nb\n# Risks\nc\n# toString\n");
    assert.deepEqual(Object.keys(report ?? {}), ["plan", "tests", "risks"]);
  });
});
