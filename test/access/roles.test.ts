import assert from "node:assert/strict";
import { mayGrant, type Permission, permissions, permits, type Role, roles } from "../../src/access/roles.ts";

// The whole matrix, by hand: a change of the table must be seen here and meant.
const matrix: Readonly<Record<Permission, readonly Role[]>> = {
  "sources:read": ["owner", "admin", "operator", "developer", "viewer"],
  "agents:read": ["owner", "admin", "operator", "developer", "viewer"],
  "routes:read": ["owner", "admin", "operator", "developer", "viewer"],
  "subscribers:read": ["owner", "admin", "operator", "developer", "viewer"],
  "endpoints:read": ["owner", "admin", "operator", "developer", "viewer"],
  "schedules:read": ["owner", "admin", "operator", "developer", "viewer"],
  "events:read": ["owner", "admin", "operator", "developer", "viewer"],
  "tasks:read": ["owner", "admin", "operator", "developer", "viewer"],
  "artifacts:read": ["owner", "admin", "operator", "developer", "viewer"],
  "messages:read": ["owner", "admin", "operator", "developer", "viewer"],
  "deliveries:read": ["owner", "admin", "operator", "developer", "viewer"],
  "eventTypes:read": ["owner", "admin", "operator", "developer", "viewer"],
  "budgets:read": ["owner", "admin", "operator", "developer", "viewer"],
  "retention:read": ["owner", "admin", "operator", "developer", "viewer"],
  "trace:read": ["owner", "admin", "operator", "developer", "viewer"],
  "analytics:read": ["owner", "admin", "operator", "developer", "viewer"],
  "keys:read": ["owner", "admin", "operator", "developer", "viewer"],
  "audit:read": ["owner", "admin", "operator", "developer", "viewer"],
  "sources:pause": ["owner", "admin", "operator", "developer"],
  "agents:pause": ["owner", "admin", "operator", "developer"],
  "routes:pause": ["owner", "admin", "operator", "developer"],
  "endpoints:pause": ["owner", "admin", "operator", "developer"],
  "schedules:pause": ["owner", "admin", "operator", "developer"],
  "sources:verify": ["owner", "admin", "operator"],
  "events:replay": ["owner", "admin", "operator"],
  "tasks:cancel": ["owner", "admin", "operator"],
  "tasks:retry": ["owner", "admin", "operator"],
  "tasks:answer": ["owner", "admin", "operator"],
  "tasks:approve": ["owner", "admin", "operator"],
  "artifacts:write": ["owner", "admin", "operator"],
  "deliveries:retry": ["owner", "admin", "operator"],
  "deliveries:cancel": ["owner", "admin", "operator"],
  "messages:acknowledge": ["owner", "admin", "operator"],
  "sources:write": ["owner", "admin", "developer"],
  "sources:rotate": ["owner", "admin", "developer"],
  "agents:write": ["owner", "admin", "developer"],
  "routes:write": ["owner", "admin", "developer"],
  "subscribers:write": ["owner", "admin", "developer"],
  "endpoints:write": ["owner", "admin", "developer"],
  "eventTypes:write": ["owner", "admin", "developer"],
  "schedules:write": ["owner", "admin", "developer"],
  "budgets:write": ["owner", "admin", "developer"],
  "tasks:create": ["owner", "admin", "developer"],
  "messages:publish": ["owner", "admin", "developer"],
  "sources:reveal": ["owner", "admin"],
  "endpoints:rotate": ["owner", "admin"],
  "endpoints:reveal": ["owner", "admin"],
  "keys:write": ["owner", "admin"],
  "tokens:mint": ["owner", "admin"],
  "retention:write": ["owner", "admin"],
  "payloads:erase": ["owner", "admin"],
  "worker:lease": ["owner", "admin", "worker"],
  "owners:write": ["owner"],
};

const grants: Readonly<Record<Role, readonly Role[]>> = {
  owner: ["owner", "admin", "operator", "developer", "viewer", "worker"],
  admin: ["admin", "operator", "developer", "viewer", "worker"],
  operator: ["operator", "viewer"],
  developer: ["developer", "viewer"],
  viewer: ["viewer"],
  worker: ["worker"],
};

describe("roles", () => {
  it("are the six of the contract", () => {
    assert.deepEqual(roles, ["owner", "admin", "operator", "developer", "viewer", "worker"]);
  });

  it("know exactly the permissions of the matrix", () => {
    assert.deepEqual([...permissions].toSorted(), Object.keys(matrix).toSorted());
  });

  for (const permission of permissions)
    it(`give ${permission} to ${matrix[permission].join(", ")} only`, () => {
      assert.deepEqual(
        roles.filter((role) => permits(role, permission)),
        matrix[permission],
      );
    });

  for (const granter of roles)
    it(`let ${granter} grant ${grants[granter].join(", ")} only`, () => {
      assert.deepEqual(
        roles.filter((role) => mayGrant(granter, role)),
        grants[granter],
      );
    });

  it("deny what is not in the table", () => {
    for (const name of ["", "root", "Owner", "__proto__", "constructor", "toString"]) {
      assert.equal(permits(name as Role, "sources:read"), false);
      assert.equal(permits("owner", name as Permission), false);
      assert.equal(mayGrant(name as Role, "viewer"), false);
      assert.equal(mayGrant("owner", name as Role), false);
    }
  });
});
