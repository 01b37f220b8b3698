import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import type { Services } from "../platform/services.ts";
import type { AccessTokenClaims, AccessTokens } from "./access-token.ts";
import type { Actor } from "./actor.ts";
import { isBootstrapKey, parseApiKey } from "./api-key.ts";
import { bootstrapActorId, defaultProjectId } from "./default-project.ts";
import { KeyCache } from "./key-cache.ts";
import { roles } from "./roles.ts";
import { type ApiKeyRow, selectApiKey, type KeyName } from "./store.ts";

/** Asked before a key that was never seen here is looked up; false refuses the credential unread. */
export type MayLookUp = () => boolean | Promise<boolean>;

/** Tells who a credential is. */
export interface Authenticator {
  /**
   * The actor of an API key or access token, or undefined for anything that is not a live one: it never says why. Reads
   * the database at most once per key and ten seconds. Throws UnavailableError when the database is away.
   */
  authenticate(credential: string, mayLookUp?: MayLookUp): Promise<Actor | undefined>;
  /** Stops listening for revocations. */
  close(): void;
}

const roleSchema = z.enum(roles);

function actorOf(row: ApiKeyRow): Actor {
  return {
    kind: "key",
    id: row.id,
    name: row.name,
    projectId: row.project_id,
    role: roleSchema.parse(row.role),
    agents: row.agents ?? "all",
  };
}

function isLive(row: ApiKeyRow, nowMs: number): boolean {
  return row.revoked_at === null && (row.expires_at === null || row.expires_at.getTime() > nowMs);
}

/**
 * Makes the hub's authenticator. `adminKey` is HOOKYARD_ADMIN_KEY: the owner of the default project, compared in memory,
 * so that it works before anything else is set up.
 */
export function createAuthenticator(
  { db, clock, signals }: Pick<Services, "db" | "clock" | "signals">,
  { adminKey, accessTokens }: { readonly adminKey: string | undefined; readonly accessTokens: AccessTokens },
): Authenticator {
  const cache = new KeyCache(clock, (name) => selectApiKey(db, name));
  const stopListening = signals.on("keys", cache.forget);

  const bootstrapActor: Actor = {
    kind: "key",
    id: bootstrapActorId,
    name: "HOOKYARD_ADMIN_KEY",
    projectId: defaultProjectId,
    role: "owner",
    agents: "all",
  };

  async function findLive(name: KeyName, mayLookUp: MayLookUp): Promise<ApiKeyRow | undefined> {
    let row = cache.peek(name);
    if (row === undefined && (cache.knows(name) || (await mayLookUp()))) row = await cache.load(name);
    return row !== undefined && isLive(row, clock.now()) ? row : undefined;
  }

  // A token holds for no longer than the key that it was minted for.
  async function findGranter(claims: AccessTokenClaims, mayLookUp: MayLookUp): Promise<Actor | undefined> {
    if (claims.subject === bootstrapActorId) return adminKey === undefined ? undefined : bootstrapActor;
    const row = await findLive({ id: claims.subject }, mayLookUp);
    return row === undefined ? undefined : actorOf(row);
  }

  async function authenticateToken(token: string, mayLookUp: MayLookUp): Promise<Actor | undefined> {
    const claims = accessTokens.verify(token, clock.now());
    if (claims === undefined) return undefined;
    const granter = await findGranter(claims, mayLookUp);
    if (granter === undefined || granter.projectId !== claims.projectId) return undefined;
    const { role, agents, subscriberId } = claims;
    const bearer: Actor = { ...granter, kind: "token", role, agents };
    if (subscriberId === undefined) return bearer;
    return { ...bearer, name: `portal of ${toWireId("subscriber", subscriberId)}`, subscriberId };
  }

  return {
    async authenticate(credential, mayLookUp = () => true) {
      if (adminKey !== undefined && isBootstrapKey(credential, adminKey)) return bootstrapActor;
      const hash = parseApiKey(credential);
      if (hash === undefined) return await authenticateToken(credential, mayLookUp);
      const row = await findLive({ hash }, mayLookUp);
      return row === undefined ? undefined : actorOf(row);
    },

    close: () => {
      stopListening();
    },
  };
}
