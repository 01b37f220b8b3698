/** The roles a credential can have (API.md, "Auth"), strongest first. */
export const roles = ["owner", "admin", "operator", "developer", "viewer", "worker"] as const;

/** What a credential may do, as a name. */
export type Role = (typeof roles)[number];

// No answer to a read holds a secret, so every role that looks at the hub may read all of it.
const reading = [
  "sources:read",
  "agents:read",
  "routes:read",
  "subscribers:read",
  "endpoints:read",
  "schedules:read",
  "events:read",
  "tasks:read",
  "artifacts:read",
  "messages:read",
  "deliveries:read",
  "trace:read",
  "analytics:read",
  "keys:read",
  "audit:read",
] as const;

// `pause` is pausing, disabling and enabling again: nothing else of the thing changes.
const pausing = ["sources:pause", "agents:pause", "routes:pause", "endpoints:pause", "schedules:pause"] as const;

// `sources:verify` looks at the secrets of sources, and tells which of them signed a request.
const operating = [
  "sources:verify",
  "events:replay",
  "tasks:cancel",
  "tasks:retry",
  "deliveries:retry",
  "deliveries:cancel",
] as const;

// Creating tasks and publishing messages stand here: whoever may write a route or an endpoint can bring about both anyway.
// `sources:rotate` is here because its caller brings the secret; nothing is revealed.
const configuring = [
  "sources:write",
  "sources:rotate",
  "agents:write",
  "routes:write",
  "subscribers:write",
  "endpoints:write",
  "schedules:write",
  "tasks:create",
  "messages:publish",
] as const;

// `endpoints:rotate` answers with a new secret; `endpoints:reveal` is seeing the generated secret of an endpoint that one
// creates. A developer has neither: it creates endpoints with a secret of its own, or without seeing the generated one.
const administering = ["endpoints:rotate", "endpoints:reveal", "keys:write", "tokens:mint"] as const;

const working = ["worker:lease"] as const;

const owning = ["owners:write"] as const;

/** Every permission there is, as `resource:verb`. `worker:lease` covers all worker calls, `owners:write` owners' keys. */
export const permissions = [
  ...reading,
  ...pausing,
  ...operating,
  ...configuring,
  ...administering,
  ...working,
  ...owning,
] as const;

/** One thing that a verb asks for before it acts. */
export type Permission = (typeof permissions)[number];

const granted: ReadonlyMap<Role, ReadonlySet<Permission>> = new Map<Role, ReadonlySet<Permission>>([
  ["owner", new Set(permissions)],
  ["admin", new Set([...reading, ...pausing, ...operating, ...configuring, ...administering, ...working])],
  ["operator", new Set([...reading, ...pausing, ...operating])],
  ["developer", new Set([...reading, ...pausing, ...configuring])],
  ["viewer", new Set(reading)],
  ["worker", new Set(working)],
]);

/** Whether the role has the permission. Anything that is not in the table, an unknown role included, is denied. */
export function permits(role: Role, permission: Permission): boolean {
  return granted.get(role)?.has(permission) ?? false;
}

/** Whether everything that `grantedRole` permits, `granterRole` permits too: nobody hands out more than its own power. */
export function mayGrant(granterRole: Role, grantedRole: Role): boolean {
  const wanted = granted.get(grantedRole);
  return wanted !== undefined && [...wanted].every((permission) => permits(granterRole, permission));
}
