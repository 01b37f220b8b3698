import { z } from "zod";
import { InvalidError } from "../lib/errors.ts";
import { displayName } from "../lib/storable-text.ts";
import { authorise, authoriseGrant } from "./actor.ts";
import { addKey } from "./add-key.ts";
import { apiKeySchema, presentApiKey } from "./api-key-view.ts";
import type { Context } from "./context.ts";
import { roles } from "./roles.ts";

/** The agents of a key or token, by name. They need not exist yet: a worker may be set up before its agent is. */
export const agentNames = z.array(displayName).min(1).max(100);

export const newApiKey = z
  .strictObject({
    name: displayName.meta({ example: "Triage worker" }),
    role: z.enum(roles).meta({ example: "worker" }),
    agents: agentNames.exactOptional().meta({
      description: "The agents for which it may make worker calls. A worker's key must name them; absent: all.",
      example: ["triage"],
    }),
    expiresAt: z.iso.datetime({ offset: true }).exactOptional(),
  })
  // A worker's key lies on many machines: it shall be good for what runs there and nothing else.
  .refine(({ role, agents }) => role !== "worker" || agents !== undefined, {
    path: ["agents"],
    error: "must name the worker's agents",
  })
  .meta({ id: "NewApiKey" });

type NewApiKey = z.infer<typeof newApiKey>;

export const issuedApiKeySchema = apiKeySchema
  .extend({ key: z.string().meta({ description: "Shown this once." }) })
  .meta({ id: "IssuedApiKey" });

export type IssuedApiKey = z.infer<typeof issuedApiKeySchema>;

/**
 * Makes an API key that can do no more than the actor. Throws ForbiddenError for one that could, and InvalidError for an
 * expiry that has passed.
 */
export async function issueKey(ctx: Context, input: NewApiKey): Promise<IssuedApiKey> {
  authorise(ctx.actor, "keys:write");
  const agents = input.agents ?? "all";
  authoriseGrant(ctx.actor, { role: input.role, agents });
  const expiresAt = input.expiresAt === undefined ? undefined : new Date(input.expiresAt);
  if (expiresAt !== undefined && expiresAt.getTime() <= ctx.clock.now())
    throw new InvalidError("The key would have expired already", [
      { path: "expiresAt", message: "must be in the future" },
    ]);
  const { row, key } = await ctx.db.transaction((tx) =>
    addKey(ctx, tx, { name: input.name, role: input.role, agents, expiresAt }),
  );
  return { ...presentApiKey(row), key };
}
