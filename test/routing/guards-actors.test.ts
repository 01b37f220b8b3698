import assert from "node:assert/strict";
import type { CompiledActors } from "../../src/routing/compiled-route.ts";
import { findActor, refusalOf } from "../../src/routing/guards/actors.ts";
import { providers } from "../../src/sources/providers/catalogue.ts";
import { eventDocument } from "./event-document.ts";
import { type Lanes, startLanes } from "./lanes.ts";

const isTaken = (actors: CompiledActors, actor: string | undefined): boolean => refusalOf(actors, actor) === undefined;

describe("The actors of a route", () => {
  const rows: [string, CompiledActors, string | undefined, boolean][] = [
    ["takes one on the list", { allow: ["octocat"] }, "octocat", true],
    ["refuses one who is not", { allow: ["octocat"] }, "hubot", false],
    ["refuses whom nobody knows when some are named", { allow: ["*"] }, undefined, false],
    ["takes whom nobody knows when only others are denied", { deny: ["*[bot]"] }, undefined, true],
    ["tells capitals in those allowed", { allow: ["octocat"] }, "Octocat", false],
    ["does not tell capitals in those denied", { deny: ["Dependabot[bot]"] }, "dependabot[BOT]", false],
    ["takes * for any characters and brackets as they are", { deny: ["*[bot]"] }, "renovate[bot]", false],
    ["matches the whole name", { deny: ["*[bot]"] }, "renovate[bot]s", true],
    ["takes a backslash as it is", { allow: ["corp\\*"] }, "corp\\ann", true],
    ["takes several stars as one", { allow: ["a**b***"] }, "a-b-c", true],
    ["lets a denial win", { allow: ["octo*"], deny: ["octocat"] }, "octocat", false],
  ];
  for (const [name, actors, actor, taken] of rows) it(name, () => assert.equal(isTaken(actors, actor), taken));

  it("match in time that is linear in the name", () => {
    const startMs = performance.now();
    assert.equal(isTaken({ deny: [`${"*a".repeat(90)}b`] }, "a".repeat(200_000)), true);
    assert.ok(performance.now() - startMs < 1_000);
  });

  it("are looked for where the provider says them", () => {
    const actorOf = (provider: string, body: unknown) => findActor({}, eventDocument(body, { provider }));
    assert.equal(actorOf("github", { sender: { login: "octocat" } }), "octocat");
    assert.equal(actorOf("gitlab", { user_username: "jsmith" }), "jsmith");
    assert.equal(actorOf("slack", { event: { user: "U1" } }), "U1");
    assert.equal(actorOf("slack", { event: { user: { id: "U2" } } }), "U2");
    assert.equal(actorOf("telegram", { message: { from: { id: 7 } } }), "7");
    assert.equal(actorOf("asana", { events: [{ user: { gid: "12345" } }] }), "12345");
    for (const body of [null, "text", [], { sender: null }, { sender: { login: "" } }, { sender: { login: {} } }])
      assert.equal(actorOf("github", body), undefined);
    assert.equal(actorOf("stripe", { sender: { login: "octocat" } }), undefined);
    assert.equal(actorOf("github", JSON.parse('{"__proto__": {"login": "x"}}')), undefined);
  });

  it("have paths that are pointers in every provider's data", () => {
    for (const { id, actor = [] } of providers.values())
      for (const pointer of actor) assert.match(pointer, /^(\/[a-z_A-Z0-9]+)+$/, id);
  });

  it("may be looked for elsewhere", () => {
    const of = () => ({ ok: true, value: "ann" }) as const;
    assert.equal(findActor({ of }, eventDocument({})), "ann");
    assert.equal(findActor({ of: () => ({ ok: false, message: "no such key" }) }, eventDocument({})), undefined);
  });
});

describe("A route with actors", () => {
  let lanes: Lanes;
  before(async () => {
    lanes = await startLanes();
  });
  after(() => lanes[Symbol.asyncDispose]());
  afterEach(() => lanes.clear());

  it("holds the events of others, and says whose they were", async () => {
    const route = await lanes.route({ actors: { deny: ["*[bot]"] } });
    const bot = await lanes.send({ sender: { login: "renovate[bot]" } });
    const person = await lanes.send({ sender: { login: "octocat" } });
    assert.deepEqual(await lanes.outcomes(bot), [["held", "actor"]]);
    assert.equal((await lanes.event(bot)).decisions[0].detail, 'actors.deny has "renovate[bot]"');
    assert.deepEqual(
      (await lanes.tasks(route)).map((task) => task.event.id),
      [person],
    );
  });

  it("reads them by its own path", async () => {
    const route = await lanes.route({ actors: { allow: ["ann"], path: "event.body.assignee" } });
    await lanes.send({ assignee: "ann" });
    const held = [
      await lanes.send({ assignee: "ben" }),
      await lanes.send({}),
      await lanes.send({ assignee: { name: "ann" } }),
    ];
    for (const id of held) assert.deepEqual(await lanes.outcomes(id), [["held", "actor"]]);
    assert.equal((await lanes.tasks(route)).length, 1);
  });
});
