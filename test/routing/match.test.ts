import assert from "node:assert/strict";
import { eventDocument } from "./event-document.ts";
import { accepts, compile, fits, matches } from "./pattern.ts";

describe("a route's match", () => {
  it("matches every event when it is absent or empty", () => {
    assert.equal(matches(undefined, eventDocument("anything")), true);
    assert.equal(matches({}, eventDocument(null)), true);
  });

  it("matches API.md's example", () => {
    const pattern = { type: ["issues.opened"], body: { repository: { full_name: [{ prefix: "octo/" }] } } };
    assert.equal(matches(pattern, eventDocument({ repository: { full_name: "octo/hello" } })), true);
    assert.equal(matches(pattern, eventDocument({ repository: { full_name: "other/hello" } })), false);
    assert.equal(matches(pattern, eventDocument({}, { type: "issues.closed" })), false);
  });

  it("reads every part of the event document", () => {
    const document = eventDocument("a text body");
    for (const pattern of [
      { id: [document.id] },
      { provider: ["gitlab", "github"] },
      { source: { name: ["octo"], id: [{ prefix: "src_" }] } },
      { deliveryId: [{ suffix: "0958" }] },
      { receivedAt: [{ prefix: "2026-01-02" }] },
      { headers: { "x-github-event": ["issues"] } },
      { body: [{ wildcard: "*text*" }] },
    ]) {
      assert.equal(matches(pattern, document), true, JSON.stringify(pattern));
    }
  });

  it("joins fields by and, values by or", () => {
    const pattern = { action: ["opened", "edited"], draft: [false] };
    assert.equal(fits(pattern, { action: "edited", draft: false }), true);
    assert.equal(fits(pattern, { action: "edited", draft: true }), false);
    assert.equal(fits(pattern, { action: "closed", draft: false }), false);
    assert.equal(fits(pattern, { action: "edited" }), false);
  });

  it("tells the types of exact values apart", () => {
    for (const value of ["1", 1, true, null, "true", "null", ""]) {
      for (const other of ["1", 1, true, null, "true", "null", ""]) {
        assert.equal(
          accepts([value], other),
          Object.is(value, other),
          `${JSON.stringify([value])} on ${String(other)}`,
        );
      }
    }
    assert.equal(accepts([3.018e2], 301.8), true);
    assert.equal(accepts([0], -0), true);
  });

  describe("on lists in the event", () => {
    it("matches when any element does", () => {
      const instance = "arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f";
      assert.equal(accepts([instance, "x"], ["arn:aws:autoscaling:x", instance]), true);
      assert.equal(accepts([instance], ["arn:aws:autoscaling:x"]), false);
      assert.equal(accepts([instance], []), false);
      assert.equal(accepts([{ prefix: "arn:" }], [[["no"], [instance]]]), true);
      assert.equal(accepts([{ "anything-but": "wip" }], ["wip", "bug"]), true);
      assert.equal(accepts([{ "anything-but": "wip" }], ["wip"]), false);
    });

    it("takes all fields of an object pattern from one and the same element", () => {
      const employees = [
        { firstName: "John", lastName: "Doe" },
        { firstName: "Anna", lastName: "Smith" },
        { firstName: "Peter", lastName: "Jones" },
      ];
      for (const body of [{ employees }, { employees: [employees.slice(0, 2), employees.slice(2)] }]) {
        assert.equal(fits({ employees: { firstName: ["Anna"] } }, body), true);
        assert.equal(fits({ employees: { firstName: ["Anna"], lastName: ["Smith"] } }, body), true);
        assert.equal(fits({ employees: { firstName: ["Anna"], lastName: ["Jones"] } }, body), false);
      }
    });

    it("goes through lists at every level", () => {
      const pattern = { commits: { author: { name: ["Mona"] }, modified: [{ prefix: "docs/" }] } };
      const commit = (name: string, ...modified: string[]) => ({ author: { name }, modified });
      assert.equal(fits(pattern, { commits: [commit("Hubot", "docs/a"), commit("Mona", "src/b", "docs/b")] }), true);
      assert.equal(fits(pattern, { commits: [commit("Hubot", "docs/a"), commit("Mona", "src/b")] }), false);
    });

    it("takes $or from one element too", () => {
      const pattern = { labels: { color: ["red"], $or: [{ name: ["bug"] }, { name: ["crash"] }] } };
      assert.equal(fits(pattern, { labels: [{ name: "crash", color: "red" }] }), true);
      assert.equal(fits(pattern, { labels: [{ name: "crash" }, { color: "red" }] }), false);
    });

    it("asks exists of one element, and takes an empty list for one without fields", () => {
      assert.equal(fits({ labels: { name: [{ exists: false }] } }, { labels: [{ name: "a" }, {}] }), true);
      assert.equal(fits({ labels: { name: [{ exists: false }] } }, { labels: [{ name: "a" }] }), false);
      assert.equal(fits({ labels: { name: [{ exists: false }] } }, { labels: [] }), true);
      assert.equal(fits({ labels: { name: [{ exists: true }] } }, { labels: [] }), false);
    });
  });

  it("sees a field that holds an object or a list as present", () => {
    const onPullRequest = { issue: { pull_request: [{ exists: true }] } };
    assert.equal(fits(onPullRequest, { issue: { pull_request: { url: "https://api.github.com/" } } }), true);
    assert.equal(fits(onPullRequest, { issue: {} }), false);
    assert.equal(accepts([{ exists: true }], []), true);
    assert.equal(accepts([{ exists: false }], {}), false);
    assert.equal(accepts(["x", null, { prefix: "" }], {}), false);
  });

  it("says where an event failed", () => {
    const { firstMismatch } = compile({
      type: ["issues.opened"],
      body: { repository: { full_name: [{ prefix: "octo/" }] }, $or: [{ a: [1] }, { b: [1] }] },
    });
    const body = { repository: { full_name: "octo/x" }, a: 1 };
    assert.equal(firstMismatch(eventDocument(body)), undefined);
    assert.equal(firstMismatch(eventDocument(body, { type: "push" })), "match.type");
    assert.equal(firstMismatch(eventDocument({ ...body, a: 2 })), "match.body.$or");
    assert.equal(firstMismatch(eventDocument({ ...body, repository: {} })), "match.body.repository.full_name");
    assert.equal(firstMismatch(eventDocument({ ...body, repository: [{}, {}] })), "match.body.repository");
  });

  it("names the event types it can match, when it pins them", () => {
    const types = (pattern: unknown) => {
      const found = compile(pattern).types;
      return found === undefined ? undefined : [...found];
    };
    assert.deepEqual(types({ type: ["push", "issues.opened"], body: { a: [1] } }), ["push", "issues.opened"]);
    assert.deepEqual(types({ $or: [{ type: ["a"] }, { type: ["b", "a"], provider: ["x"] }] }), ["a", "b"]);
    assert.deepEqual(types({ type: ["c"], $or: [{ type: ["a"] }, { provider: ["x"] }] }), ["c"]);
    assert.equal(types({ $or: [{ type: ["a"] }, { provider: ["x"] }] }), undefined);
    assert.equal(types({ type: ["push", { prefix: "issues." }] }), undefined);
    assert.equal(types({ provider: ["github"] }), undefined);
    assert.equal(types({}), undefined);
  });
});
