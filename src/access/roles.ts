/** The roles a credential can have (API.md, "Auth"), strongest first. */
export const roles = ["owner", "admin", "operator", "developer", "viewer", "worker"] as const;

/** What a credential may do, as a name. */
export type Role = (typeof roles)[number];

/** A role of an actor: `subscriber` is that of a portal token, which goes with one subscriber and is never a key's. */
export type ActorRole = Role | "subscriber";

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
  "eventTypes:read",
  "budgets:read",
  "retention:read",
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
  "tasks:answer",
  "tasks:approve",
  "artifacts:write",
  "deliveries:retry",
  "deliveries:cancel",
  "messages:acknowledge",
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
  "eventTypes:write",
  "schedules:write",
  "budgets:write",
  "tasks:create",
  "messages:publish",
] as const;

// `sources:reveal` is seeing the secret that a provider handed over. `endpoints:rotate` answers with a new secret;
// `endpoints:reveal` is seeing the generated secret of an endpoint that one creates. A developer has none of them: it creates
// endpoints with a secret of its own, or without seeing the generated one. `retention:write` and `payloads:erase` lose what
// nobody can bring back.
const administering = [
  "sources:reveal",
  "endpoints:rotate",
  "endpoints:reveal",
  "keys:write",
  "tokens:mint",
  "retention:write",
  "payloads:erase",
] as const;

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

// All within what is the subscriber's own: the verbs that ask for these look no further than the actor's scope.
const subscribing = [
  "subscribers:read",
  "endpoints:read",
  "endpoints:write",
  "endpoints:pause",
  "endpoints:rotate",
  "endpoints:reveal",
  "messages:read",
  "messages:acknowledge",
  "deliveries:read",
  "deliveries:retry",
  "deliveries:cancel",
  "eventTypes:read",
] as const;

const granted: ReadonlyMap<ActorRole, ReadonlySet<Permission>> = new Map<ActorRole, ReadonlySet<Permission>>([
  ["owner", new Set(permissions)],
  ["admin", new Set([...reading, ...pausing, ...operating, ...configuring, ...administering, ...working])],
  ["operator", new Set([...reading, ...pausing, ...operating])],
  ["developer", new Set([...reading, ...pausing, ...configuring])],
  ["viewer", new Set(reading)],
  ["worker", new Set(working)],
  ["subscriber", new Set(subscribing)],
]);

/** Whether the role has the permission. Anything that is not in the table, an unknown role included, is denied. */
export function permits(role: ActorRole, permission: Permission): boolean {
  return granted.get(role)?.has(permission) ?? false;
}

/** Whether everything that `grantedRole` permits, `granterRole` permits too: nobody hands out more than its own power. */
export function mayGrant(granterRole: ActorRole, grantedRole: Role): boolean {
  const wanted = granted.get(grantedRole);
  return wanted !== undefined && [...wanted].every((permission) => permits(granterRole, permission));
}
