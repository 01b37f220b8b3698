import type { Request } from "express";
import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { type FieldError, InvalidError } from "../lib/errors.ts";
import { displayName } from "../lib/storable-text.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { artifactDetails, metadataText } from "../tasks/artifact-details.ts";
import { addArtifact, putArtifact } from "../tasks/put-artifact.ts";
import type { ArtifactUpload } from "../tasks/store-artifact.ts";
import { type Operation, operation } from "./operation.ts";

const params = z.strictObject({ id: wireIdSchema("task"), name: displayName });

const details = {
  title: artifactDetails.title.exactOptional(),
  path: artifactDetails.path.exactOptional(),
  metadata: metadataText.meta({ type: "string", description: "Anything else, as a JSON object." }).exactOptional(),
};
const query = z.strictObject(details);
type Details = z.infer<typeof query>;

const headerNames = { title: "Artifact-Title", path: "Artifact-Path", metadata: "Artifact-Metadata" } as const;
const detailHeaders = {
  [headerNames.title]: "What it is called, in percent-encoded UTF-8; the query says it too.",
  [headerNames.path]: "Where it belongs among others, in percent-encoded UTF-8; the query says it too.",
  [headerNames.metadata]: "A JSON object, in ASCII or percent-encoded UTF-8; the query says it too.",
};

const storedArtifact = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    contentType: z.string(),
    size: z.int(),
    sha256: z.string(),
  })
  .meta({ id: "StoredArtifact" });
const stored = { description: "Stored; the same name again replaces it.", schema: storedArtifact };

function decode(name: string, text: string): string {
  try {
    if (/[^\x20-\x7e]/.test(text)) throw new URIError("not ASCII");
    // A header has no other characters; of JSON, a percent sign may be one of its own.
    return name === headerNames.metadata && text.trimStart().startsWith("{") ? text : decodeURIComponent(text);
  } catch {
    throw new InvalidError(`The header ${name} is not valid: it is not percent-encoded UTF-8`, [
      { path: name, message: "must be percent-encoded UTF-8" },
    ]);
  }
}

/** What headers say, or the query where they do not. Throws InvalidError naming the header. */
function readDetails(request: Request, fromQuery: Details): Details {
  const given: Record<string, unknown> = {};
  const errors: FieldError[] = [];
  for (const [field, name] of Object.entries(headerNames) as [keyof typeof headerNames, string][]) {
    const header = request.get(name);
    if (header === undefined) continue;
    const parsed = details[field].safeParse(decode(name, header));
    if (parsed.success) given[field] = parsed.data;
    else errors.push(...parsed.error.issues.map(({ message }) => ({ path: name, message })));
  }
  if (errors.length > 0) throw new InvalidError("The request is not valid: a header says what cannot be kept", errors);
  return { ...fromQuery, ...given };
}

function uploadOf(request: Request, name: string, content: Buffer, fromQuery: Details): ArtifactUpload {
  const contentType = (request.get("content-type") ?? "application/octet-stream").slice(0, 200);
  return { name, contentType, content, ...readDetails(request, fromQuery) };
}

// An artifact's body is its content, so that its token comes in a header.
function leaseTokenOf(request: Request): string {
  const token = request.get("lease-token");
  if (token !== undefined && token !== "") return token;
  throw new InvalidError("The request is not valid: the header Lease-Token is missing", [
    { path: "Lease-Token", message: "is required" },
  ]);
}

/** The calls that store artifacts: a worker's, under its lease, and a person's. */
export function artifactUploadOperations(services: TaskServices): readonly Operation[] {
  const { artifactLimitBytes } = services.settings.tasks;
  const upload = {
    method: "put" as const,
    params,
    query,
    body: z.instanceof(Buffer),
    bodyKind: { raw: ["*/*"], limitBytes: artifactLimitBytes },
  };
  return [
    operation({
      ...upload,
      path: "/api/v1/worker/tasks/{id}/artifacts/{name}",
      summary: "Store a named output of the task",
      tag: "Workers",
      headers: { "Lease-Token": "The token that came with the lease." },
      optionalHeaders: detailHeaders,
      responses: {
        200: stored,
        409: { description: "`lease_lost`: the lease no longer holds, and nothing was changed." },
      },
      async handle({ actor }, { params: { id, name }, query, body, request }) {
        authorise(actor, "worker:lease");
        const claim = { actor, taskId: id, leaseToken: leaseTokenOf(request) };
        return { status: 200, body: await putArtifact(services, claim, uploadOf(request, name, body, query)) };
      },
    }),
    operation({
      ...upload,
      path: "/api/v1/tasks/{id}/artifacts/{name}",
      summary: "Add an artifact to a task, as a person",
      tag: "Artifacts",
      optionalHeaders: detailHeaders,
      responses: { 200: stored, 404: { description: "The project has no such task." } },
      async handle(ctx, { params: { id, name }, query, body, request }) {
        return { status: 200, body: await addArtifact(ctx, id, uploadOf(request, name, body, query)) };
      },
    }),
  ];
}
