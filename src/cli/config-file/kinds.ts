import type { z } from "zod";
import { newAgent } from "../../agents/create-agent.ts";
import { agentChanges } from "../../agents/update-agent.ts";
import { newEndpoint } from "../../endpoints/create-endpoint.ts";
import { newSubscriber } from "../../endpoints/create-subscriber.ts";
import { type ClientCertificate, showCertificate } from "../../endpoints/endpoint-credentials.ts";
import { endpointChanges } from "../../endpoints/update-endpoint.ts";
import { subscriberChanges } from "../../endpoints/update-subscriber.ts";
import { newRoute } from "../../routing/create-route.ts";
import { routeChanges } from "../../routing/update-route.ts";
import { newSchedule } from "../../schedules/create-schedule.ts";
import { scheduleChanges } from "../../schedules/update-schedule.ts";
import { escapeVariables } from "./environment.ts";
import { newSource } from "../../sources/create-source.ts";
import { type NewSourceResponse, sourceResponseOf } from "../../sources/source-response.ts";
import { sourceChanges } from "../../sources/update-source.ts";

/** The lists of a configuration file, in the order in which what they name is made: what is referred to comes first. */
export const sections = ["agents", "sources", "subscribers", "endpoints", "routes", "schedules"] as const;

export type Section = (typeof sections)[number];

/** What the API takes or shows, or an entry of the file. */
export type Fields = Readonly<Record<string, unknown>>;

/** A field that names another thing of the file or of the hub, where the API wants its id. */
export interface Reference {
  readonly field: string;
  readonly idField: string;
  readonly section: "sources" | "subscribers";
}

/** One kind of thing that a file configures: the API's own schemas, and what the file has besides. */
export interface Kind {
  readonly section: Section;
  /** In the singular, for people. */
  readonly noun: string;
  readonly create: z.ZodObject;
  readonly changes: z.ZodObject;
  /** What tells one from another within a project, in the API's fields. */
  readonly keyOf: (fields: Fields) => string;
  /** What it is called, for people and by references. */
  readonly namesOf: (fields: Fields) => readonly string[];
  readonly reference?: Reference;
  /** The fields in which `${NAME}` is a variable of the environment. Elsewhere it may be an expression, or plain text. */
  readonly environmentFields: readonly string[];
  /** What the API takes an absent field for, where it shows a value then that is neither empty nor a switch. */
  readonly defaults?: Fields;
  /** The fields as the API will show them: without secrets, and as they are stored. */
  readonly shown?: (fields: Fields) => Fields;
  /** The secrets that an export has to leave to the environment. `variable` makes a name for one. */
  readonly exportedSecrets?: (view: Fields, variable: (what: string) => string) => Fields;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function withoutField(value: unknown, field: string): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== field));
}

const byName = {
  keyOf: (fields: Fields) => text(fields["name"]),
  namesOf: (fields: Fields) => [text(fields["name"])],
};

const agents: Kind = {
  section: "agents",
  noun: "agent",
  create: newAgent,
  changes: agentChanges,
  ...byName,
  environmentFields: ["runner"],
  shown: (fields) => ({ ...fields, runner: withoutField(fields["runner"], "secret") }),
  exportedSecrets({ runner }, variable) {
    const { type, preset = "signed" } = runner as { type: string; preset?: string };
    // Without one the hub makes a secret for calls that it signs itself; the token of somebody else's service it cannot make.
    return type === "http" && preset !== "signed"
      ? { runner: { ...(escapeVariables(runner) as object), secret: variable("TOKEN") } }
      : {};
  },
};

const sources: Kind = {
  section: "sources",
  noun: "source",
  create: newSource,
  changes: sourceChanges,
  ...byName,
  environmentFields: ["secrets", "verification", "allowedIps"],
  shown: ({ response, ...fields }) =>
    response === undefined ? fields : { ...fields, response: sourceResponseOf(response as NewSourceResponse) },
  exportedSecrets: ({ liveSecrets }, variable) => ({
    secrets: (liveSecrets as readonly unknown[]).length === 0 ? [] : [variable("SECRET")],
  }),
};

const subscribers: Kind = {
  section: "subscribers",
  noun: "subscriber",
  create: newSubscriber,
  changes: subscriberChanges,
  keyOf: ({ externalId, name }) => text(externalId ?? name),
  namesOf: ({ externalId, name }) => [text(externalId ?? name), text(name)],
  environmentFields: [],
};

const endpoints: Kind = {
  section: "endpoints",
  noun: "endpoint",
  create: newEndpoint,
  changes: endpointChanges,
  keyOf: ({ subscriberId, url }) => `${text(subscriberId)} ${text(url)}`,
  namesOf: ({ url }) => [text(url)],
  reference: { field: "subscriber", idField: "subscriberId", section: "subscribers" },
  environmentFields: ["url", "headers", "secret", "oauth2", "clientCertificate"],
  shown: ({ oauth2, clientCertificate, ...fields }) => ({
    ...fields,
    ...(oauth2 === undefined ? {} : { oauth2: withoutField(oauth2, "clientSecret") }),
    ...(clientCertificate === undefined
      ? {}
      : { clientCertificate: showCertificate(clientCertificate as ClientCertificate) }),
  }),
  exportedSecrets: ({ oauth2, clientCertificate }, variable) => ({
    ...(oauth2 === undefined
      ? {}
      : { oauth2: { ...(escapeVariables(oauth2) as object), clientSecret: variable("CLIENT_SECRET") } }),
    ...(clientCertificate === undefined
      ? {}
      : { clientCertificate: { certificate: variable("CERTIFICATE"), privateKey: variable("PRIVATE_KEY") } }),
  }),
};

const routes: Kind = {
  section: "routes",
  noun: "route",
  create: newRoute,
  changes: routeChanges,
  ...byName,
  reference: { field: "source", idField: "sourceId", section: "sources" },
  environmentFields: [],
};

const schedules: Kind = {
  section: "schedules",
  noun: "schedule",
  create: newSchedule,
  changes: scheduleChanges,
  ...byName,
  environmentFields: [],
  defaults: { timezone: "UTC", missed: "skip" },
};

/** Every kind, in the order of `sections`. */
export const kinds: readonly Kind[] = [agents, sources, subscribers, endpoints, routes, schedules];

/** Where the API has things of a section. */
export function pathOf({ section }: Kind): string {
  return `/api/v1/${section}`;
}
