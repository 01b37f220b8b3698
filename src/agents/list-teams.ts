import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";

/** Agents that have the same team. */
export const teamSchema = z
  .object({
    name: z.string(),
    agents: z.array(z.string()).describe("Names; of a large team the first thousand."),
    capabilities: z.array(z.string()).describe("What its agents can do."),
  })
  .meta({ id: "Team" });

// Teams are not made: they are there while an agent names them. A project has few agents.
const selectTeams = {
  text: `SELECT a.team AS name, (array_agg(a.name ORDER BY a.name))[:1000] AS agents,
                ARRAY(SELECT DISTINCT word FROM agents b CROSS JOIN unnest(b.capabilities) AS word
                      WHERE b.project_id = $1 AND b.team = a.team AND b.deleted_at IS NULL ORDER BY word LIMIT 1000)
                  AS capabilities
         FROM agents a
         WHERE a.project_id = $1 AND a.team IS NOT NULL AND a.deleted_at IS NULL
         GROUP BY a.team ORDER BY a.team LIMIT 1000`,
};

/** The project's teams, by name. */
export async function listTeams(ctx: Context): Promise<z.infer<typeof teamSchema>[]> {
  authorise(ctx.actor, "agents:read");
  return await ctx.db.query<z.infer<typeof teamSchema>>(selectTeams, [ctx.actor.projectId]);
}
