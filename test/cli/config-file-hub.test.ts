import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HubClient } from "../../src/cli/config-file/hub-client.ts";
import { readHubState } from "../../src/cli/config-file/hub-state.ts";
import { planChanges } from "../../src/cli/config-file/plan.ts";
import { readConfigFile } from "../../src/cli/config-file/read-config-file.ts";
import { runPlan } from "../../src/cli/config-file/run-plan.ts";
import { showPlan } from "../../src/cli/config-file/show-plan.ts";
import { writeConfig } from "../../src/cli/config-file/write-config.ts";
import { selfSignedCertificate } from "../support/self-signed-certificate.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";

const everything = `
sources:
  - name: custom
    provider: custom
    secrets: ["\${SECRET}"]
    verification:
      toleranceSeconds: 60
      scheme: {algorithm: hmac-sha256, header: x-signature, encoding: hex, signed: [body], deliveryId: {header: x-id}}
    response: {status: 202, body: {ok: true}}
    allowedIps: [192.0.2.0/24]
    rateLimitPerSecond: 5
    bodyLimitBytes: 1000
    enabled: false
  - {name: handed over, provider: notion, secrets: []}
agents:
  - name: http
    description: d
    team: t
    capabilities: [one, two]
    instructions: "echo \${HOME}"
    model: m
    tools: [x]
    runner: {type: http, url: "https://agent.example/run", headers: {x-a: b}, body: {a: {b: [1, 2.5, null]}}}
    limits: {concurrency: 2, timeoutSeconds: 60, leaseSeconds: 10, maxAttempts: 2}
    metadata: {a: [1]}
  - {name: pull, runner: {type: pull}}
subscribers:
  - {name: With an id, externalId: ops}
  - {name: without}
endpoints:
  - url: https://one.example/hook
    subscriber: ops
    description: d
    eventTypes: [task.*, source.rejecting]
    channels: [a]
    headers: {X-Team: "$$\${b}"}
    concurrency: 3
    timeoutSeconds: 5
    retry: {scheduleSeconds: [1, 2], jitter: 0.1}
    rateLimitPerSecond: 2.5
    signing: {ed25519: true, raw: {header: X-Sig, prefix: "sha256="}}
    oauth2: {tokenUrl: "https://one.example/token", clientId: c, clientSecret: "\${SECRET}"}
    clientCertificate: {certificate: "\${CERTIFICATE}", privateKey: "\${PRIVATE_KEY}"}
    disabled: true
  - {url: "https://one.example/hook", subscriber: without}
  - {url: "https://one.example/hook"}
routes:
  - name: r
    source: custom
    provider: custom
    match: {type: [{prefix: a}], body: {n: [{numeric: [">", 1.0]}]}}
    when: event.body.n > 1.0
    agent: http
    task: {input: "go \${event.type}", parameters: {n: "\${event.body.n}"}, priority: 3}
    keys: {dedupe: event.type, concurrency: {key: event.type, limit: 2}, session: event.type}
    debounce: {quietSeconds: 1, maxSeconds: 5}
    limits: {rate: {count: 5, perSeconds: 60}, breaker: {tasks: 5, perSeconds: 60}}
    actors: {deny: ["*[bot]"], path: event.body.who}
    loops: {maxDepth: 2}
    subscriberId: event.body.who
schedules:
  - {name: s, cron: "0 8 * * 1", agent: pull, task: {input: go}}
`;

describe("a configuration file and a hub", () => {
  let test: TestHub;
  let directory: string;
  let environment: Record<string, string>;
  before(async () => {
    test = await startTestHub();
    directory = mkdtempSync(join(tmpdir(), "hookyard-file-"));
    const { cert, key } = selfSignedCertificate(["client.example"]);
    environment = { SECRET: "the value of the variable", CERTIFICATE: cert, PRIVATE_KEY: key };
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  async function project() {
    const call = await test.inAnotherProject();
    const { body } = await call("POST", "/api/v1/keys", { name: "config", role: "developer" });
    const client = new HubClient(test.url, body.key);
    const name = join(directory, "hub.yaml");
    const apply = async (text: string, variables = environment) => {
      writeFileSync(name, text);
      const file = readConfigFile(name, variables);
      const plan = planChanges(file, await readHubState(client), false);
      const told: string[] = [];
      const error = await runPlan(client, plan, file, (line) => told.push(line)).then(
        () => undefined,
        ({ message }: Error) => message.replaceAll(`${name}:`, ""),
      );
      return { shown: showPlan(plan, file), told, error };
    };
    return { call, client, apply };
  }

  it("agree after it was applied, with everything that can be said", async () => {
    const { apply, client } = await project();
    const first = await apply(everything);
    assert.deepEqual([first.error, first.told.length], [undefined, 11], first.error);
    const again = await apply(everything);
    assert.deepEqual([again.shown, again.told], ["Nothing to do: the hub is as the file says.", []]);

    const exported = writeConfig(await readHubState(client), test.url);
    const names = [...exported.matchAll(/^# {3}(\w+)$/gm)].map(([, variable]) => String(variable));
    assert.equal(names.length, 4, exported);
    const values = names.map((variable) => {
      if (variable.endsWith("_CERTIFICATE")) return [variable, environment["CERTIFICATE"]];
      return [variable, variable.endsWith("_PRIVATE_KEY") ? environment["PRIVATE_KEY"] : "anything"];
    });
    assert.match(
      (await apply(exported, Object.fromEntries(values))).shown,
      /^Nothing to do: the hub is as the file says\.$/,
    );
    const elsewhere = await project();
    assert.equal((await elsewhere.apply(exported, Object.fromEntries(values))).error, undefined);
    assert.match((await elsewhere.apply(everything)).shown, /^Nothing to do/);
  });

  it("agree again after everything but the names was taken out of it", async () => {
    const { apply, call } = await project();
    await apply(everything);
    const bare = `
sources: [{name: custom, provider: custom, secrets: ["\${SECRET}"], verification: {scheme: {algorithm: hmac-sha256, header: x-signature}}}]
agents: [{name: http, runner: {type: pull}}]
endpoints: [{url: "https://one.example/hook", subscriber: ops}]
routes: [{name: r, agent: http, task: {input: go}}]
schedules: [{name: s, cron: "0 8 * * 1", agent: pull, task: {input: go}}]`;
    const { error } = await apply(bare);
    assert.equal(error, undefined);
    const [route] = (await call("GET", "/api/v1/routes")).body.data;
    const { id: _id, createdAt: _createdAt, updatedAt: _updatedAt, ...fields } = route;
    assert.deepEqual(fields, { name: "r", agent: "http", task: { input: "go" }, enabled: true });
    assert.match((await apply(bare)).shown, /^Nothing to do/);
    assert.equal((await apply(everything)).error, undefined);
    assert.match((await apply(everything)).shown, /^Nothing to do/);
  });

  it("stop at the line of what the hub refuses, and go on from there the next time", async () => {
    const { apply } = await project();
    const text = (agent: string): string => `
subscribers:
  - {name: s}
routes:
  - name: r
    agent: ${agent}
    task:
      input: "\${event.}"`;
    const first = await apply(text("nobody"));
    assert.deepEqual(first.told, ['created subscriber "s"']);
    assert.match(first.error ?? "", /^8: route "r": task\.input /);
    const second = await apply(text("nobody").replace("event.}", "event.type}"));
    assert.deepEqual(
      [second.told, second.error],
      [[], '6: route "r": agent must be the name of an agent of this project'],
    );
  });

  it("keep what the hub was told otherwise: a name for people, an external id, a variable that is the same", async () => {
    const { apply, call } = await project();
    await apply("subscribers: [{name: before, externalId: ops}]");
    const { shown } = await apply(
      "subscribers: [{name: after, externalId: ops}]\nendpoints: [{url: https://x.example, subscriber: after}]",
    );
    assert.match(
      shown,
      /~ subscriber "ops"\n {6}name: "before" → "after"\n {2}\+ endpoint "https:\/\/x\.example" of after/,
    );
    const subscribers = (await call("GET", "/api/v1/subscribers")).body.data;
    assert.deepEqual(
      subscribers.map(({ name }: { name: string }) => name),
      ["after"],
    );
  });
});
