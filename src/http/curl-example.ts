import { exampleOf } from "./example-of-schema.ts";
import type { OpenApiDocument, OpenApiOperation } from "./openapi-document.ts";

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function bodyArguments(operation: OpenApiOperation, document: OpenApiDocument): string[] {
  const [contentType, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (contentType === undefined) return [];
  const example = media?.schema === undefined ? undefined : exampleOf(media.schema, document.components.schemas);
  if (contentType === "application/x-www-form-urlencoded")
    return Object.keys(media?.schema?.["properties"] ?? {})
      .filter((name) => name !== "scope")
      .map((name) => `-d ${name}=${name === "grant_type" ? "client_credentials" : `"$${name.toUpperCase()}"`}`);
  const header = `-H ${quote(`Content-Type: ${contentType === "*/*" ? "application/octet-stream" : contentType}`)}`;
  if (contentType !== "application/json") return [header, "--data-binary @file"];
  return [header, `-d ${quote(JSON.stringify(example ?? {}, null, 2))}`];
}

/** How to make this call from a shell, with `HOOKYARD_KEY` set. The base is the hub's own URL. */
export function curlExample(
  method: string,
  path: string,
  operation: OpenApiOperation,
  document: OpenApiDocument,
): string {
  const parameters = operation.parameters ?? [];
  const filled = path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => {
    const example = exampleOf(parameters.find((parameter) => parameter.name === name)?.schema ?? {}, {});
    return typeof example === "string" && example !== "…" ? example : name.toUpperCase();
  });
  const query = parameters
    .filter((parameter) => parameter.in === "query" && parameter.required)
    .map(({ name, schema }) => `${name}=${encodeURIComponent(String(exampleOf(schema, {})))}`);
  const url = (document.servers[0]?.url ?? "") + filled + (query.length === 0 ? "" : `?${query.join("&")}`);
  const authorization = operation.security === undefined ? ['-H "Authorization: Bearer $HOOKYARD_KEY"'] : [];
  const headers = parameters
    .filter((parameter) => parameter.in === "header" && parameter.required)
    .map(({ name }) => `-H ${quote(`${name}: …`)}`);
  const verb = method === "get" ? "curl" : `curl -X ${method.toUpperCase()}`;
  return [`${verb} ${quote(url)}`, ...authorization, ...headers, ...bodyArguments(operation, document)].join(" \\\n  ");
}
