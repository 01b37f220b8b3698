import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { type Leased, startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

describe("What is said of an artifact", () => {
  let hub: WorkingHub;
  let receiver: Receiver;
  let work: Leased;
  before(async () => {
    hub = await startWorkingHub();
    receiver = await startReceiver();
    await hub.test.call("POST", "/api/v1/endpoints", { url: receiver.url, eventTypes: ["task.completed"] });
  });
  beforeEach(async () => {
    const agent = await hub.agent();
    await hub.task(agent);
    work = await hub.leaseOne(agent);
  });
  after(async () => {
    await receiver[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
  });

  const put = (headers: Record<string, string>, query = "") =>
    hub.test.call("PUT", `/api/v1/worker/tasks/${work.task.id}/artifacts/a.md${query}`, Buffer.from("# A"), {
      "lease-token": work.leaseToken,
      "content-type": "text/markdown",
      ...headers,
    });
  const shown = async () => (await hub.read(work.task.id)).artifacts[0];
  const details = {
    title: "Übersicht – Juli",
    path: "reports/2026/ä 1.md",
    metadata: { pages: 3, tags: ["ä"], nul: "\u0000", deep: { __proto__x: 1 } },
  };

  it("comes in headers, and is shown wherever the artifact is", async () => {
    const { status, body } = await put({
      "artifact-title": encodeURIComponent(details.title),
      "artifact-path": encodeURIComponent(details.path),
      "artifact-metadata": encodeURIComponent(JSON.stringify(details.metadata)),
    });
    assert.equal(status, 200, JSON.stringify(body));
    const { title, path, metadata } = await shown();
    assert.deepEqual({ title, path, metadata }, details);
    const single = (await hub.test.call("GET", `/api/v1/artifacts/${body.id}`)).body;
    assert.deepEqual([single.title, single.path, single.metadata], Object.values(details));
    await hub.say(work, "complete", { result: 1 });
    const [said] = await receiver.until(1);
    const [announced] = JSON.parse(said?.body ?? "").data.task.artifacts;
    assert.deepEqual([announced.title, announced.path, announced.metadata], Object.values(details));
    const trace = await hub.test.call("GET", `/api/v1/trace/${body.id}`);
    assert.equal(trace.body.tasks[0].artifacts[0].title, details.title);
  });

  it("comes in the query, a header goes before it, and a new upload says all of it anew", async () => {
    const query = new URLSearchParams({ title: "Of the query", path: "q/a", metadata: '{"q": "100%"}' }).toString();
    await put({ "artifact-title": "Of%20the%20header", "artifact-metadata": '{"rate": "7%"}' }, `?${query}`);
    let { title, path, metadata } = await shown();
    assert.deepEqual([title, path, metadata], ["Of the header", "q/a", { rate: "7%" }]);
    await put({});
    ({ title, path, metadata } = await shown());
    assert.deepEqual([title, path, metadata], [undefined, undefined, undefined]);
  });

  it("is refused when nobody could keep or unpack it", async () => {
    const refused: readonly [string, string][] = [
      ["artifact-title", "%00"],
      ["artifact-title", "a%0Ab"],
      ["artifact-title", "%"],
      ["artifact-title", "%ff"],
      ["artifact-title", "\u00fc"],
      ["artifact-title", "x".repeat(201)],
      ...[
        "../a",
        "a/../b",
        "/etc/passwd",
        "a//b",
        "a/",
        "./a",
        "..",
        "%2e%2e/a",
        "a%5Cb",
        "C:a",
        "C:/a",
        "a%00",
        "a%0Ab",
      ].map((path): [string, string] => ["artifact-path", path]),
      ["artifact-path", "x".repeat(501)],
      ["artifact-metadata", "[]"],
      ["artifact-metadata", "1"],
      ["artifact-metadata", "{"],
      ["artifact-metadata", "null"],
      ["artifact-metadata", `{"a": "${"x".repeat(8_200)}"}`],
      ["artifact-metadata", `{"a": ${"[".repeat(4_000)}${"]".repeat(4_000)}}`],
    ];
    for (const [name, value] of refused) {
      const { status, body } = await put({ [name]: value });
      assert.deepEqual([status, body.errors?.[0].path.toLowerCase()], [422, name], value.slice(0, 50));
      // A query is not in percent signs twice, may say ü, and has less room.
      if (value.includes("%") || value === "\u00fc" || value.length > 1_000) continue;
      const inQuery = await put({}, `?${new URLSearchParams({ [name.slice("artifact-".length)]: value }).toString()}`);
      assert.equal(inQuery.status, 422, value);
    }
    assert.equal((await put({}, "?colour=red")).status, 422);
    assert.equal((await hub.read(work.task.id)).artifacts.length, 0);
  });

  it("may be said by a person too, of any task of the project", async () => {
    await hub.say(work, "complete", { result: 1 });
    const path = `/api/v1/tasks/${work.task.id}/artifacts/by%20hand.txt`;
    const headers = { "content-type": "text/plain", "artifact-title": "By%20hand" };
    for (const role of ["operator", "admin", "owner"]) {
      const client = hub.test.as(await hub.test.keyFor(role));
      assert.equal((await client("PUT", path, Buffer.from("x"), headers)).status, 200, role);
    }
    for (const role of ["developer", "viewer", "worker"]) {
      const client = hub.test.as(await hub.test.keyFor(role, role === "worker" ? [work.task.agent] : undefined));
      assert.equal((await client("PUT", path, Buffer.from("x"), headers)).status, 403, role);
    }
    const stranger = await hub.test.inAnotherProject();
    assert.equal((await stranger("PUT", path, Buffer.from("x"), headers)).status, 404);
    const { title, name } = await shown();
    assert.deepEqual([title, name], ["By hand", "by hand.txt"]);
    const audit = await hub.test.call("GET", "/api/v1/audit");
    assert.equal(audit.body.data.filter(({ action }: { action: string }) => action === "artifact.put").length, 3);
  });
});
