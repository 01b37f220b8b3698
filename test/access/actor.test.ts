import assert from "node:assert/strict";
import { type Actor, authorise, authoriseAgent, authoriseGrant } from "../../src/access/actor.ts";
import { ForbiddenError } from "../../src/lib/errors.ts";

function actorWith(overrides: Partial<Actor>): Actor {
  return {
    kind: "key",
    id: "0197a000-0000-7000-8000-000000000001",
    name: "ci",
    projectId: "0197a000-0000-7000-8000-000000000002",
    role: "admin",
    agents: "all",
    ...overrides,
  };
}

function forbidden(message: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof ForbiddenError);
    assert.match(error.message, message);
    return true;
  };
}

describe("actor", () => {
  it("may do what its role permits", () => {
    authorise(actorWith({ role: "operator" }), "events:replay");
    authorise(actorWith({ kind: "system", id: "pump", role: "owner" }), "owners:write");
  });

  it("is told the permission that its role lacks", () => {
    assert.throws(() => authorise(actorWith({ role: "viewer" }), "events:replay"), forbidden(/events:replay/));
    assert.throws(() => authorise(actorWith({ role: "viewer" }), "endpoints:rotate"), forbidden(/endpoints:rotate/));
    assert.throws(() => authorise(actorWith({ role: "developer" }), "endpoints:reveal"), forbidden(/endpoints:reveal/));
    assert.throws(() => authorise(actorWith({ role: "worker" }), "tasks:read"), forbidden(/tasks:read/));
  });

  it("acts for the agents that it names, or for all", () => {
    const worker = actorWith({ role: "worker", agents: ["triage", "review"] });
    authoriseAgent(worker, "review");
    authoriseAgent(actorWith({ role: "worker", agents: "all" }), "anything");
    for (const name of ["deploy", "tri", "all", "", "Triage", "constructor"])
      assert.throws(() => authoriseAgent(worker, name), forbidden(/may not act for the agent/), name);
    assert.throws(() => authoriseAgent(actorWith({ role: "worker", agents: [] }), "triage"), ForbiddenError);
  });

  it("grants a role up to its own", () => {
    authoriseGrant(actorWith({ role: "owner" }), { role: "owner", agents: "all" });
    authoriseGrant(actorWith({ role: "admin" }), { role: "worker", agents: ["triage"] });
    assert.throws(
      () => authoriseGrant(actorWith({ role: "admin" }), { role: "owner", agents: "all" }),
      forbidden(/may not grant the role owner/),
    );
    assert.throws(
      () => authoriseGrant(actorWith({ role: "viewer" }), { role: "worker", agents: ["triage"] }),
      forbidden(/may not grant the role worker/),
    );
  });

  it("grants no agent that it does not have itself", () => {
    const limited = actorWith({ agents: ["triage"] });
    authoriseGrant(limited, { role: "worker", agents: ["triage"] });
    assert.throws(() => authoriseGrant(limited, { role: "worker", agents: "all" }), ForbiddenError);
    assert.throws(() => authoriseGrant(limited, { role: "worker", agents: ["triage", "deploy"] }), forbidden(/deploy/));
  });

  it("makes neither keys nor tokens when it is a token", () => {
    assert.throws(
      () => authoriseGrant(actorWith({ kind: "token", role: "owner" }), { role: "viewer", agents: "all" }),
      forbidden(/authenticate with an API key/),
    );
  });
});
