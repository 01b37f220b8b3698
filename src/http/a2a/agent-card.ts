import type { AgentCard, AgentSkill } from "@a2a-js/sdk";
import { type AgentRow, selectAgents } from "../../agents/store.ts";
import type { Context } from "../../access/context.ts";

/** Where A2A is spoken: JSON-RPC at the first, HTTP+JSON below the second (0.3 has its `/v1` in its own paths). */
export const a2aPath = "/a2a";
export const a2aRestPath = "/a2a/v1";

const maxSkills = 500;

/** What the card says besides the skills. */
export interface CardParts {
  readonly version: string;
  readonly publicUrl: string;
}

function skillOf({ name, description, capabilities, team }: AgentRow): AgentSkill {
  const tags = [...capabilities, ...(team === null ? [] : [team])];
  return {
    id: name,
    name,
    description: description ?? `Gives the agent ${name} a task.`,
    // The protocol wants one at least.
    tags: tags.length === 0 ? ["agent"] : tags,
    examples: [],
    inputModes: [],
    outputModes: [],
    securityRequirements: [],
  };
}

/** A project's agents as skills, the newest first. */
export async function skillsOf({ db }: Pick<Context, "db">, projectId: string): Promise<AgentSkill[]> {
  const agents = await selectAgents(db, projectId, {}, { limit: maxSkills });
  return agents.slice(0, maxSkills).map(skillOf);
}

/** The hub as one agent of the A2A protocol, 1.0 and 0.3. */
export function agentCard({ version, publicUrl }: CardParts, skills: AgentSkill[]): AgentCard {
  const at = (path: string, protocolBinding: string, protocolVersion: string) => ({
    url: `${publicUrl}${path}`,
    protocolBinding,
    protocolVersion,
    tenant: "",
  });
  const bearer = {
    description: "An API key of the hub, or a token made with one.",
    scheme: "Bearer",
    bearerFormat: "",
  };
  return {
    name: "Hookyard",
    description: "Gives tasks to the agents of a hub, each of which is a skill, and answers with what came of them.",
    version,
    provider: undefined,
    documentationUrl: `${publicUrl}/docs`,
    supportedInterfaces: [
      at(a2aPath, "JSONRPC", "1.0"),
      at(a2aRestPath, "HTTP+JSON", "1.0"),
      at(a2aPath, "JSONRPC", "0.3"),
      at(a2aPath, "HTTP+JSON", "0.3"),
    ],
    capabilities: { streaming: true, pushNotifications: true, extensions: [], extendedAgentCard: true },
    securitySchemes: { bearer: { scheme: { $case: "httpAuthSecurityScheme", value: bearer } } },
    securityRequirements: [{ schemes: { bearer: { list: [] } } }],
    defaultInputModes: ["text/plain", "application/json"],
    defaultOutputModes: ["text/plain", "application/json"],
    skills,
    signatures: [],
  };
}
