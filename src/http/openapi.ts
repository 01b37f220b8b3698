import { z } from "zod";
import { fixedPaths } from "./fixed-paths.ts";
import type {
  OpenApiDocument,
  OpenApiOperation,
  OpenApiParameter,
  OpenApiPath,
  OpenApiResponse,
} from "./openapi-document.ts";
import type { Operation, ResponseDescription } from "./operation.ts";
import { problemType } from "./problem.ts";
import { type JsonSchema, SchemaBook } from "./schema-book.ts";
import { streamPaths } from "./stream-paths.ts";

/** An outbound message as the document tells of it. */
export interface WebhookDescription {
  readonly summary: string;
  /** The whole body: `type`, `timestamp` and `data`. */
  readonly schema: z.ZodType;
}

/** What the document is made from. */
export interface OpenApiSource {
  readonly operations: readonly Operation[];
  readonly webhooks: Readonly<Record<string, WebhookDescription>>;
  readonly version: string;
  readonly publicUrl: string;
}

const description = `Authenticate with \`Authorization: Bearer <API key or token>\`.

Errors are \`application/problem+json\` (RFC 9457): tell them apart by \`code\`; \`errors\` names the fields at fault.

Lists answer \`{data, nextCursor?}\`, newest first; pass \`nextCursor\` as \`cursor\` for the next page.

Any POST takes an \`Idempotency-Key\`: the same request under the same key gets the same answer for a day, another request under it a 409. After a 422, a 429 or a 5xx the key is free again.

Each credential has its rate: see the RateLimit headers, and Retry-After of a 429.`;

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: "A sentence for people." }),
    code: z.string().meta({ description: "Stable, for programs.", example: "not_found" }),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    requestId: z.string(),
  })
  .meta({ id: "Problem" });

const idempotencyKey: OpenApiParameter = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "Makes the call safe to repeat.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

// `POST /api/v1/endpoints/{id}/rotate-secret` → `postEndpointsByIdRotateSecret`: unique, because method and path are.
function operationIdOf({ method, path }: Operation): string {
  const words = path
    .replace(/^\/api\/v1\//, "")
    .replaceAll(/\{(\w+)\}/g, "by-$1")
    .split(/[/-]/);
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function parametersOf(book: SchemaBook, schema: z.ZodType | undefined, place: "path" | "query"): OpenApiParameter[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = book.add(schema, "input") as {
    readonly properties?: Record<string, JsonSchema>;
    readonly required?: string[];
  };
  return Object.entries(properties).map(([name, { description: about, ...rest }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(typeof about === "string" ? { description: about } : {}),
    schema: rest,
  }));
}

function headersOf({ headers = {}, optionalHeaders = {} }: Operation): OpenApiParameter[] {
  const described = (about: Readonly<Record<string, string>>, required: boolean): OpenApiParameter[] =>
    Object.entries(about).map(([name, description]) => ({
      name,
      in: "header",
      required,
      description,
      schema: { type: "string" },
    }));
  return [...described(headers, true), ...described(optionalHeaders, false)];
}

function requestBodyOf(book: SchemaBook, { body, bodyKind }: Operation): OpenApiOperation["requestBody"] {
  if (typeof bodyKind === "object")
    return { required: true, content: Object.fromEntries(bodyKind.raw.map((type) => [type, {}])) };
  if (body === undefined) return undefined;
  const schema = book.add(body, "input");
  return { required: !body.safeParse(undefined).success, content: { "application/json": { schema } } };
}

function responseOf(book: SchemaBook, response: ResponseDescription): OpenApiResponse {
  const { schema, contentType } = response;
  if (schema === undefined && contentType === undefined) return { description: response.description };
  const media = schema === undefined ? {} : { schema: book.add(schema, "output") };
  return { description: response.description, content: { [contentType ?? "application/json"]: media } };
}

function describe(book: SchemaBook, operation: Operation): OpenApiOperation {
  const parameters = [
    ...parametersOf(book, operation.params, "path"),
    ...parametersOf(book, operation.query, "query"),
    ...headersOf(operation),
    ...(operation.method === "post" ? [idempotencyKey] : []),
  ];
  const requestBody = requestBodyOf(book, operation);
  const responses = Object.entries(operation.responses).map(([status, response]) => [
    status,
    responseOf(book, response),
  ]);
  return {
    operationId: operationIdOf(operation),
    summary: operation.summary,
    tags: [operation.tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: { ...Object.fromEntries(responses), default: { $ref: "#/components/responses/Problem" } },
  };
}

function describeWebhook(book: SchemaBook, type: string, { summary, schema }: WebhookDescription): OpenApiPath {
  return {
    post: {
      operationId: `receive${type.replaceAll(/(?:^|[._])(\w)/g, (_match, letter: string) => letter.toUpperCase())}`,
      summary,
      tags: ["Messages to subscribers"],
      requestBody: { required: true, content: { "application/json": { schema: book.add(schema, "output") } } },
      responses: { "2XX": { description: "Received. Anything else is tried again by the endpoint's schedule." } },
      security: [],
    },
  };
}

/** The OpenAPI 3.1 document, made from the schemas that check the requests. */
export function describeApi({ operations, webhooks, version, publicUrl }: OpenApiSource): OpenApiDocument {
  const book = new SchemaBook();
  const paths: Record<string, OpenApiPath> = { ...fixedPaths, ...streamPaths };
  for (const operation of operations)
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(book, operation) };
  const described = Object.entries(webhooks).map(([type, webhook]) => [type, describeWebhook(book, type, webhook)]);
  const problem = book.add(problemSchema, "output");
  const tags = new Set(Object.values(paths).flatMap((path) => Object.values(path).flatMap(({ tags: own }) => own)));
  return {
    openapi: "3.1.0",
    info: { title: "Hookyard", version, description },
    servers: [{ url: publicUrl }],
    tags: [...tags].map((name) => ({ name })),
    security: [{ bearer: [] }],
    paths,
    webhooks: Object.fromEntries(described) as Record<string, OpenApiPath>,
    components: {
      schemas: book.components,
      responses: { Problem: { description: "Any error.", content: { [problemType]: { schema: problem } } } },
      securitySchemes: { bearer: { type: "http", scheme: "bearer", description: "An API key or an access token." } },
    },
  };
}
