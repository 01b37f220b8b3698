import { createSecretKey, randomUUID } from "node:crypto";
import jwt from "jsonwebtoken";
import { z } from "zod";
import { InvalidError } from "../lib/errors.ts";
import { fromWireId, type IdKind, toWireId } from "../lib/ids.ts";
import type { AgentScope } from "./actor.ts";
import { type ActorRole, roles } from "./roles.ts";

const algorithm = "HS256";
const maxTokenCharacters = 4096;
const maxLifetimeSeconds = 3600;
// Hubs behind one address may mint and verify on clocks that differ by this much.
const maxSkewSeconds = 60;
// RFC 7518 §3.2: an HS256 key must be at least as long as the hash.
const leastKeyBytes = 32;
const keyIdForm = /^[A-Za-z0-9_-]{1,32}$/;
/** The subject of the tokens of HOOKYARD_ADMIN_KEY, which has no row and so no id. */
const bootstrapSubject = "bootstrap";

/** The keys that sign tokens, by `kid`: the current one signs, all of them verify. */
interface SigningKeys {
  readonly current: string;
  /** At least 32 bytes each; a `kid` is 1 to 32 of `A–Z a–z 0–9 _ -`. */
  readonly keys: ReadonlyMap<string, Buffer>;
}

/** Whose tokens these are. Both are compared exactly. */
interface AccessTokenSettings {
  readonly signingKeys: SigningKeys;
  readonly issuer: string;
  readonly audience: string;
}

/** What a token says of its bearer. */
export interface AccessTokenClaims {
  /** The uuid of the key for which the token was minted, or `bootstrap`. */
  readonly subject: string;
  /** The project's uuid. */
  readonly projectId: string;
  readonly role: ActorRole;
  readonly agents: AgentScope;
  /** The uuid of the one subscriber that it is for; with the role `subscriber`, and with no other. */
  readonly subscriberId?: string;
  /** Unique to this token, for the audit log. */
  readonly tokenId: string;
  readonly expiresAt: Date;
}

/** What a new token shall say. `expiresInSeconds` is 1 to 3600. */
export interface AccessTokenRequest extends Pick<
  AccessTokenClaims,
  "subject" | "projectId" | "role" | "agents" | "subscriberId"
> {
  readonly expiresInSeconds: number;
}

/** Mints and verifies the hub's JWTs. Times are milliseconds since the epoch. */
export interface AccessTokens {
  /** Throws InvalidError naming the field when the lifetime is out of bounds or the agents do not fit into 4 KiB. */
  mint(request: AccessTokenRequest, nowMs: number): { readonly token: string; readonly expiresAt: Date };
  /** The claims, or undefined for anything but a live token of this hub. Never throws and never says why. */
  verify(token: string, nowMs: number): AccessTokenClaims | undefined;
}

// Strict, so that whatever asks for another key or for a rule we do not know (crit, jku, jwk, x5u, x5c, b64 …) is refused
// before any key is touched. jsonwebtoken itself ignores all of these.
const headerSchema = z.strictObject({
  alg: z.literal(algorithm),
  typ: z.literal("JWT"),
  kid: z.string().regex(keyIdForm),
});

const seconds = z.int().nonnegative();

// Wire form in the token, uuid inside the hub.
function wireId(kind: IdKind): z.ZodType<string> {
  return z.string().transform((text, ctx) => {
    const uuid = fromWireId(kind, text);
    if (uuid !== undefined) return uuid;
    ctx.addIssue({ code: "custom", message: `must be the id of a ${kind}` });
    return z.NEVER;
  });
}

// jsonwebtoken accepts tokens without exp, with an iat in the future and with any further claim: the shape is ours to pin.
const payloadSchema = z
  .strictObject({
    iss: z.string(),
    aud: z.string(),
    sub: z.union([z.literal(bootstrapSubject), wireId("key")]),
    prj: wireId("project"),
    role: z.enum([...roles, "subscriber"]),
    sbr: wireId("subscriber").optional(),
    agents: z.union([z.literal("all"), z.array(z.string())]),
    jti: z.uuid(),
    iat: seconds,
    nbf: seconds.optional(),
    exp: seconds,
  })
  .refine(({ role, sbr }) => (role === "subscriber") === (sbr !== undefined));

type Payload = z.infer<typeof payloadSchema>;

function readKeyId(token: string): string | undefined {
  const encodedHeader = token.slice(0, token.indexOf("."));
  const header: unknown = JSON.parse(Buffer.from(encodedHeader, "base64url").toString("utf8"));
  return headerSchema.safeParse(header).data?.kid;
}

function isWithinItsTime({ iat, exp }: Payload, nowSeconds: number): boolean {
  return exp > iat && exp - iat <= maxLifetimeSeconds && iat <= nowSeconds + maxSkewSeconds;
}

function toClaims(payload: Payload): AccessTokenClaims {
  return {
    subject: payload.sub,
    projectId: payload.prj,
    role: payload.role,
    agents: payload.agents,
    ...(payload.sbr === undefined ? {} : { subscriberId: payload.sbr }),
    tokenId: payload.jti,
    expiresAt: new Date(payload.exp * 1000),
  };
}

function refuse(path: string, message: string): never {
  throw new InvalidError(`${path} ${message}`, [{ path, message }]);
}

/**
 * Access tokens on the given keys: HS256, one issuer and audience, `exp` at most an hour after `iat`. A token needs no
 * database to verify; whether its key still lives is the caller's to ask. Throws InvalidError for settings that are weak.
 */
export function createAccessTokens({ signingKeys, issuer, audience }: AccessTokenSettings): AccessTokens {
  // jsonwebtoken skips the check of an issuer or audience that is empty.
  if (issuer === "") refuse("issuer", "must not be empty");
  if (audience === "") refuse("audience", "must not be empty");
  for (const [keyId, key] of signingKeys.keys) {
    if (!keyIdForm.test(keyId)) refuse("signingKeys", `must have ids of 1 to 32 letters, digits, "_" or "-"`);
    if (key.length < leastKeyBytes) refuse(`signingKeys.${keyId}`, `must have at least ${leastKeyBytes} bytes`);
  }
  const keys = new Map([...signingKeys.keys].map(([keyId, key]) => [keyId, createSecretKey(key)] as const));
  const currentKey = keys.get(signingKeys.current) ?? refuse("signingKeys.current", "must name one of the keys");

  function mint(request: AccessTokenRequest, nowMs: number): { token: string; expiresAt: Date } {
    const { expiresInSeconds, subject, projectId, role, agents, subscriberId } = request;
    if (!Number.isInteger(expiresInSeconds) || expiresInSeconds < 1 || expiresInSeconds > maxLifetimeSeconds)
      refuse("expiresInSeconds", `must be a whole number from 1 to ${maxLifetimeSeconds}`);
    const iat = Math.floor(nowMs / 1000);
    const exp = iat + expiresInSeconds;
    const payload = {
      iss: issuer,
      aud: audience,
      sub: subject === bootstrapSubject ? subject : toWireId("key", subject),
      prj: toWireId("project", projectId),
      role,
      ...(subscriberId === undefined ? {} : { sbr: toWireId("subscriber", subscriberId) }),
      agents,
      jti: randomUUID(),
      iat,
      exp,
    };
    const token = jwt.sign(payload, currentKey, { algorithm, keyid: signingKeys.current });
    if (token.length > maxTokenCharacters) refuse("agents", "are too many for one token; mint one for fewer agents");
    return { token, expiresAt: new Date(exp * 1000) };
  }

  function verify(token: string, nowMs: number): AccessTokenClaims | undefined {
    try {
      if (token.length > maxTokenCharacters) return undefined;
      const key = keys.get(readKeyId(token) ?? "");
      if (key === undefined) return undefined;
      const nowSeconds = Math.floor(nowMs / 1000);
      // 0 would make jsonwebtoken read the machine's clock.
      const clockTimestamp = Math.max(1, nowSeconds);
      const verified = jwt.verify(token, key, { algorithms: [algorithm], issuer, audience, clockTimestamp });
      const payload = payloadSchema.safeParse(verified).data;
      return payload !== undefined && isWithinItsTime(payload, nowSeconds) ? toClaims(payload) : undefined;
    } catch {
      // JSON.parse and jsonwebtoken throw for what a stranger sent: a refusal, not a failure.
      return undefined;
    }
  }

  return { mint, verify };
}
