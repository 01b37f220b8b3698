import { z } from "zod";
import { ForbiddenError } from "../lib/errors.ts";
import type { AccessTokens } from "./access-token.ts";
import { type AgentScope, authorise, authoriseGrant } from "./actor.ts";
import { recordAudit } from "./audit.ts";
import type { Context } from "./context.ts";
import { agentNames } from "./issue-key.ts";
import { type Role, roles } from "./roles.ts";

// Fifteen minutes: what leaks from a log is soon worthless, and a client need not renew all the time.
const defaultLifetimeSeconds = 900;

export const newToken = z
  .strictObject({
    role: z.enum(roles).exactOptional().meta({ description: "Absent: the role of the key that asks." }),
    agents: agentNames.exactOptional().meta({ description: "Absent: the agents of the key that asks." }),
    expiresInSeconds: z.int().min(1).max(3600).default(defaultLifetimeSeconds),
  })
  .meta({ id: "NewToken" });

type NewToken = z.infer<typeof newToken>;

export const mintedTokenSchema = z
  .strictObject({
    token: z.string(),
    role: z.enum(roles),
    agents: z.array(z.string()).optional(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: "MintedToken" });

export type MintedToken = z.infer<typeof mintedTokenSchema>;

interface TokenGrant {
  readonly role: Role;
  readonly agents: AgentScope;
  readonly expiresInSeconds: number;
}

async function mint(ctx: Context, tokens: AccessTokens, grant: TokenGrant): Promise<MintedToken> {
  authoriseGrant(ctx.actor, grant);
  const { id: subject, projectId } = ctx.actor;
  const { token, expiresAt } = tokens.mint({ subject, projectId, ...grant }, ctx.clock.now());
  const { role, agents } = grant;
  const detail = { role, agents, expiresAt: expiresAt.toISOString() };
  await recordAudit(ctx, ctx.db, { action: "token.mint", detail });
  return { token, role, ...(agents === "all" ? {} : { agents: [...agents] }), expiresAt: expiresAt.toISOString() };
}

/**
 * Mints a short-lived access token (a JWT) that can do no more than the key that asks, and ends with it. Throws
 * ForbiddenError for one that could, and for a token that asks for another.
 */
export async function mintToken(ctx: Context, tokens: AccessTokens, input: NewToken): Promise<MintedToken> {
  authorise(ctx.actor, "tokens:mint");
  const wanted = input.role ?? ctx.actor.role;
  const role = roles.find((each) => each === wanted);
  if (role === undefined) throw new ForbiddenError("A portal token cannot make tokens");
  const { agents = ctx.actor.agents, expiresInSeconds } = input;
  return await mint(ctx, tokens, { role, agents, expiresInSeconds });
}

/**
 * Mints a token for the key itself (RFC 6749 §4.4, client credentials), with its own power or a lesser role. Every key may:
 * what it gets, it has already.
 */
export async function exchangeKey(ctx: Context, tokens: AccessTokens, role: Role): Promise<MintedToken> {
  return await mint(ctx, tokens, { role, agents: ctx.actor.agents, expiresInSeconds: defaultLifetimeSeconds });
}
