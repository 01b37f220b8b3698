import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigFileError } from "../../src/cli/config-file/faults.ts";
import type { HubState } from "../../src/cli/config-file/hub-state.ts";
import type { Fields, Section } from "../../src/cli/config-file/kinds.ts";
import { type Plan, planChanges } from "../../src/cli/config-file/plan.ts";
import { type ConfigFile, readConfigFile } from "../../src/cli/config-file/read-config-file.ts";
import { showPlan } from "../../src/cli/config-file/show-plan.ts";

const source = "src_01h2xcejqtf2nbrexx3vqjhp41";
const another = "src_01h2xcejqtf2nbrexx3vqjhp42";
const secret = "whsec_the-value-of-the-variable";

describe("a configuration file", () => {
  let directory: string;
  let file: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "hookyard-file-"));
    file = join(directory, "hub.yaml");
  });
  after(() => rmSync(directory, { recursive: true }));

  function read(text: string, environment: Record<string, string> = {}): ConfigFile {
    writeFileSync(file, text);
    return readConfigFile(file, environment);
  }

  function plan(text: string, state: Partial<Record<Section, readonly Fields[]>> = {}, prune = false): Plan {
    const known: HubState = new Map(Object.entries(state) as [Section, readonly Fields[]][]);
    return planChanges(read(text, { SECRET: secret }), known, prune);
  }

  function faults(work: () => unknown): string[] {
    try {
      work();
    } catch (error) {
      assert.ok(error instanceof ConfigFileError, String(error));
      assert.ok(!error.message.includes(secret));
      return error.message.split("\n").map((line) => line.replace(`${file}:`, ""));
    }
    return assert.fail("has no fault");
  }

  it("is refused with the line of what is no YAML, of a section that there is not, and of what is no list", () => {
    assert.match(faults(() => read("agents:\n  - {name: a\n")).join(), /^\d: .*flow/i);
    assert.match(faults(() => read("agents:\n  - name: a\n    name: b\n")).join(), /^3: Map keys must be unique/);
    assert.deepEqual(
      faults(() => read("- a")),
      ["1: must be an object with agents, sources, subscribers, endpoints, routes, schedules"],
    );
    assert.deepEqual(
      faults(() => read("agents: []\n\nrouts: []\nsources: {}\n")),
      [
        "3: there is no section routs, only agents, sources, subscribers, endpoints, routes, schedules",
        "4: sources must be a list",
      ],
    );
    assert.deepEqual(
      faults(() => read("agents:\n  - a\n")),
      ["2: each of agents must be an object"],
    );
    assert.match(faults(() => read("agents: *nobody")).join(), /Unresolved alias/);
    assert.match(faults(() => readConfigFile(join(directory, "none.yaml"), {})).join(), /none\.yaml: cannot be read: /);
  });

  it("may be empty, or say nothing of a kind", () => {
    assert.deepEqual(read("").entries, []);
    assert.deepEqual(read("# nothing\nagents:\n").entries, []);
    assert.deepEqual(plan("agents: []", { agents: [{ id: "agt_1", name: "a" }] }).left, 1);
    assert.deepEqual(plan("sources: []", { agents: [{ id: "agt_1", name: "a" }] }, true).steps, []);
  });

  it("takes variables from the environment where its fields may hold a secret, and nowhere else", () => {
    const text = [
      "sources:",
      '  - {name: "${SECRET}", provider: github, secrets: ["a-${SECRET}-${SECRET}", "$SECRET", "$${SECRET}"]}',
      'agents: [{name: a, instructions: "echo ${HOME}", runner: {type: http, url: "https://x.example", secret: "${SECRET}"}}]',
      'routes: [{name: r, agent: a, task: {input: "${event.type}"}}]',
    ].join("\n");
    const { entries, hidden } = read(text, { SECRET: "$&${HOME}" });
    const [agent, made, route] = entries;
    assert.deepEqual(
      made?.fields["secrets"],
      ["a-$&${HOME}-$&${HOME}", "$SECRET", "${SECRET}"],
      "taken as it is, once",
    );
    assert.equal(made?.fields["name"], "${SECRET}");
    assert.equal(agent?.fields["instructions"], "echo ${HOME}");
    assert.deepEqual(route?.fields["task"], { input: "${event.type}" });
    assert.deepEqual([...hidden], [["SECRET", "$&${HOME}"]]);
  });

  it("is refused with the line of each variable that is not set, or is none", () => {
    const text =
      'sources:\n  - name: a\n    provider: github\n    secrets:\n      - "${ABSENT}"\n      - "${EMPTY}"\n      - "${a b}"\n      - "${open"\n';
    assert.deepEqual(
      faults(() => read(text, { EMPTY: "" })),
      [
        "5: sources.0.secrets.0 names the variable ABSENT, which is not set in the environment",
        "6: sources.0.secrets.1 names the variable EMPTY, which is not set in the environment",
        "7: sources.0.secrets.2 has a ${ that is not followed by the name of a variable and }",
        "8: sources.0.secrets.3 has a ${ that is not followed by the name of a variable and }",
      ],
    );
  });

  it("is refused with the line of each field that the API would refuse", () => {
    const text = [
      "sources:",
      "  - name: a",
      "    provider: github",
      '    secrets: ["${SECRET}", 5]',
      "    rateLimit: 5",
      "agents:",
      "  - name: b",
      "    limits:",
      "      concurrency: 0",
      "    runner: {type: pull}",
    ].join("\n");
    const found = faults(() => plan(text));
    assert.match(found[0] ?? "", /^4: sources: secrets\.1 /);
    assert.match(found[1] ?? "", /^5: sources: rateLimit is not a known field$/);
    assert.match(found[2] ?? "", /^9: agents: limits\.concurrency /);
    assert.equal(found.length, 3);
  });

  it("is refused for a name that leads nowhere, stands twice, or is that of several", () => {
    const route = (more: string): string => `routes:\n  - name: r\n    agent: a\n    task: {input: go}\n    ${more}\n`;
    const two = {
      sources: [
        { id: source, name: "s" },
        { id: another, name: "s" },
      ],
    };
    assert.deepEqual(
      faults(() => plan(route("source: s"))),
      ['5: route: source "s" names no source of the file or of the hub'],
    );
    assert.deepEqual(
      faults(() => plan(route("source: s"), two)),
      [`5: route: source "s" is ambiguous: the hub has several sources of this name (${source}, ${another})`],
    );
    assert.deepEqual(
      faults(() => plan(route(`source: s\n    sourceId: ${source}`), two)),
      ["5: route: source must not stand beside sourceId"],
    );
    assert.deepEqual(
      faults(() => plan("subscribers:\n  - name: a\n  - name: a\n")),
      ['3: the subscriber "a" stands in line 2 already'],
    );
    const text = 'sources:\n  - {name: s, provider: github, secrets: ["${SECRET}"]}\n';
    assert.deepEqual(
      faults(() => plan(text, two)),
      [`2: the source "s" is ambiguous: the hub has ${source}, ${another}; delete or rename all but one`],
    );
    assert.deepEqual(
      faults(() => plan(text, { sources: [{ id: source, name: "s", provider: "gitlab" }] })),
      ['2: provider of the source "s" never changes; give the new source another name, or delete the old one first'],
    );
  });

  it("is shown without what came from the environment, neither the new value nor the one before", () => {
    const text =
      'endpoints:\n  - {url: "https://x.example/${SECRET}", headers: {x-team: "${SECRET}"}, concurrency: 3}\n';
    const view = {
      id: "end_1",
      url: `https://x.example/${secret}`,
      subscriberId: "sub_1",
      headers: { "x-team": "before" },
    };
    const state = { endpoints: [view], subscribers: [{ id: "sub_1", name: "default", isDefault: true }] };
    const shown = showPlan(plan(text, state), read(text, { SECRET: secret }));
    assert.equal(
      shown,
      [
        '  ~ endpoint "https://x.example/${SECRET}"',
        "      headers: not as the environment has it",
        "      concurrency: (none) → 3",
        "0 to create, 1 to change, 0 to delete.",
      ].join("\n"),
    );
    const removed = showPlan(plan("endpoints: []", { endpoints: [view] }, true), read(text, { SECRET: secret }));
    assert.match(removed, /^ {2}- endpoint "https:\/\/x\.example\/\$\{SECRET\}"$/m);
  });
});
