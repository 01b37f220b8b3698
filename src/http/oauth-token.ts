import express, { type Request, type Response, type Router } from "express";
import { z } from "zod";
import type { AccessTokens } from "../access/access-token.ts";
import type { Actor } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { exchangeKey } from "../access/mint-token.ts";
import { type Role, roles } from "../access/roles.ts";
import { wireActorId } from "../access/wire-actor-id.ts";
import { ForbiddenError, UnauthenticatedError } from "../lib/errors.ts";
import type { Services } from "../platform/services.ts";
import type { Authentication } from "./authenticate.ts";
import { checkContentType } from "./check-content-type.ts";
import { runIdempotently } from "./idempotency.ts";
import { namePath } from "./name-path.ts";
import type { Answer } from "./operation.ts";
import { parseJsonBody } from "./parse-json-body.ts";
import { stateOf } from "./request-state.ts";
import { sendAnswer } from "./send-answer.ts";

export const oauthTokenPath = "/api/v1/oauth/token";

const formType = "application/x-www-form-urlencoded";
const bodyLimitBytes = 16_384;

// RFC 6749 §3.2: unknown parameters are ignored, one that is sent twice is an error.
const requestSchema = z.object({
  grant_type: z.string(),
  scope: z.string().optional(),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
});

type TokenRequest = z.infer<typeof requestSchema>;

interface ClientCredentials {
  readonly id: string;
  readonly secret: string;
}

// The errors of RFC 6749 §5.2, which have a form of their own.
function refusal(status: number, error: string, description: string, headers?: Record<string, string>): Answer {
  return { status, body: { error, error_description: description }, headers: { Pragma: "no-cache", ...headers } };
}

function invalidClient(): Answer {
  const description = "client_id must be the id of a live API key (key_…) and client_secret the key itself";
  return refusal(401, "invalid_client", description, { "WWW-Authenticate": 'Basic realm="hookyard"' });
}

function readParameters(request: Request): unknown {
  const bytes: unknown = request.body;
  if (!Buffer.isBuffer(bytes)) return {};
  if (request.is(formType) === false) return parseJsonBody(bytes);
  const form = new URLSearchParams(bytes.toString());
  const repeated = [...form.keys()].some((name) => form.getAll(name).length > 1);
  return repeated ? undefined : Object.fromEntries(form);
}

// RFC 6749 §2.3.1 has both parts form-encoded, which many clients forget; a "+" is therefore left as it is.
function formDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function readBasic(header: string): ClientCredentials | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(header)?.[1];
  const [id, secret] = /^([^:]*):([\s\S]*)$/.exec(Buffer.from(encoded ?? "", "base64").toString())?.slice(1) ?? [];
  return id === undefined || secret === undefined ? undefined : { id: formDecode(id), secret: formDecode(secret) };
}

function readCredentials(request: Request, body: TokenRequest): ClientCredentials | "two" | undefined {
  const header = request.headers.authorization;
  const { client_id: id, client_secret: secret } = body;
  if (header === undefined) return id === undefined || secret === undefined ? undefined : { id, secret };
  const basic = readBasic(header);
  const isRepeated = secret !== undefined || (id !== undefined && id !== basic?.id);
  return isRepeated ? "two" : basic;
}

function readRole(scope: string | undefined, actor: Actor): Role | undefined {
  const wanted = scope ?? actor.role;
  return roles.find((role) => role === wanted);
}

async function exchange(ctx: Context, tokens: AccessTokens, scope: string | undefined): Promise<Answer> {
  const noScope = refusal(
    400,
    "invalid_scope",
    "scope must be one role that the key may grant; leave it out for its own",
  );
  const role = readRole(scope, ctx.actor);
  if (role === undefined) return noScope;
  try {
    const minted = await exchangeKey(ctx, tokens, role);
    const expiresInMs = Date.parse(minted.expiresAt) - ctx.clock.now();
    const body = {
      access_token: minted.token,
      token_type: "Bearer",
      expires_in: Math.floor(expiresInMs / 1000),
      scope: role,
    };
    return { status: 200, body, headers: { Pragma: "no-cache" } };
  } catch (error) {
    if (error instanceof ForbiddenError) return noScope;
    throw error;
  }
}

/**
 * Mounts the client credentials grant (RFC 6749 §4.4): an API key, as Basic or in the body, for a token of fifteen minutes.
 * `scope` may name a lesser role. Errors are RFC 6749's, but for those of transport, which are problems as everywhere.
 */
export function mountOauthToken(
  router: Router,
  services: Services,
  authentication: Authentication,
  tokens: AccessTokens,
): void {
  async function identify(request: Request, response: Response, sent: ClientCredentials): Promise<Actor | undefined> {
    try {
      const actor = await authentication.identify(request, response, sent.secret);
      return actor.kind === "key" && wireActorId(actor.id) === sent.id ? actor : undefined;
    } catch (error) {
      if (error instanceof UnauthenticatedError) return undefined;
      throw error;
    }
  }

  async function answerTo(request: Request, response: Response): Promise<Answer> {
    const parsed = requestSchema.safeParse(readParameters(request));
    if (!parsed.success)
      return refusal(400, "invalid_request", "Send grant_type=client_credentials, each parameter once");
    if (parsed.data.grant_type !== "client_credentials")
      return refusal(400, "unsupported_grant_type", "The one grant_type there is is client_credentials");
    const credentials = readCredentials(request, parsed.data);
    if (credentials === "two")
      return refusal(400, "invalid_request", "Send the credentials as Basic or in the body, not both");
    const actor = credentials === undefined ? undefined : await identify(request, response, credentials);
    if (actor === undefined) return invalidClient();
    stateOf(response).actor = actor;
    const ctx: Context = { ...services, actor };
    const bytes: unknown = request.body;
    return await runIdempotently(ctx, request, Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0), () =>
      exchange(ctx, tokens, parsed.data.scope),
    );
  }

  router.post(
    oauthTokenPath,
    namePath(oauthTokenPath),
    checkContentType([formType, "application/json"]),
    express.raw({ type: () => true, limit: bodyLimitBytes, inflate: false }),
    async (request, response) => {
      sendAnswer(response, await answerTo(request, response));
    },
  );
}
