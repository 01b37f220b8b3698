import assert from "node:assert/strict";
import type { OpenApiDocument, OpenApiOperation } from "../../src/http/openapi-document.ts";

const methods = new Set(["get", "put", "post", "delete", "patch", "head", "options", "trace"]);
const schemaTypes = new Set(["string", "number", "integer", "boolean", "array", "object", "null"]);

function resolve(document: object, reference: string): unknown {
  assert.match(reference, /^#\//);
  const parts = reference.slice(2).split("/");
  return parts.reduce<unknown>((value, part) => {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  }, document);
}

function checkReferences(document: object, value: unknown, at: string): void {
  if (typeof value !== "object" || value === null) return;
  if ("$ref" in value && typeof value.$ref === "string")
    assert.notEqual(resolve(document, value.$ref), undefined, `${at}: ${value.$ref} leads nowhere`);
  for (const [key, inner] of Object.entries(value)) checkReferences(document, inner, `${at}/${key}`);
}

function checkSchema(value: unknown, at: string): void {
  assert.ok(typeof value === "object" && value !== null && !Array.isArray(value), `${at} is a schema`);
  const schema = value as Record<string, unknown>;
  const { type, properties, items, prefixItems, required, $defs } = schema as {
    type?: string | readonly string[];
    properties?: Record<string, unknown>;
    items?: unknown;
    prefixItems?: readonly unknown[];
    required?: readonly string[];
    $defs?: unknown;
  };
  assert.equal($defs, undefined, `${at} has its parts in components`);
  for (const one of type === undefined ? [] : [type].flat()) assert.ok(schemaTypes.has(one), `${at}: type ${one}`);
  for (const [name, inner] of Object.entries(properties ?? {})) checkSchema(inner, `${at}.${name}`);
  for (const name of required ?? [])
    assert.ok(properties !== undefined && name in properties, `${at} requires ${name}`);
  for (const place of prefixItems ?? []) checkSchema(place, `${at}[]`);
  // A tuple says that nothing follows its places.
  if (items !== undefined && !(items === false && prefixItems !== undefined)) checkSchema(items, `${at}[]`);
  for (const keyword of ["anyOf", "oneOf", "allOf"]) {
    const branches = schema[keyword];
    if (branches === undefined) continue;
    assert.ok(Array.isArray(branches) && branches.length > 0, `${at}: ${keyword}`);
    for (const branch of branches) checkSchema(branch, `${at}|`);
  }
}

function checkContent(content: Readonly<Record<string, { readonly schema?: unknown }>>, at: string): void {
  for (const [type, { schema }] of Object.entries(content)) {
    assert.match(type, /^[\w*.+-]+\/[\w*.+-]+$/);
    if (schema !== undefined) checkSchema(schema, `${at} ${type}`);
  }
}

function checkOperation(operation: OpenApiOperation, path: string, at: string): void {
  assert.ok(operation.summary.length > 0, `${at} has a summary`);
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name).toSorted();
  const parameters = operation.parameters ?? [];
  const declared = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
  assert.deepEqual(declared.toSorted(), inPath, `${at} declares the parameters of its path`);
  for (const parameter of parameters) {
    checkSchema(parameter.schema, `${at} ${parameter.name}`);
    if (parameter.in === "path") assert.equal(parameter.required, true);
  }
  const names = parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
  assert.equal(new Set(names).size, names.length, `${at} repeats a parameter`);
  if (operation.requestBody !== undefined) checkContent(operation.requestBody.content, at);
  assert.ok(Object.keys(operation.responses).length > 0, `${at} has answers`);
  for (const [status, response] of Object.entries(operation.responses)) {
    assert.match(status, /^([1-5](\d\d|XX)|default)$/);
    if ("$ref" in response) continue;
    assert.ok(response.description.length > 0, `${at} ${status} has a description`);
    if (response.content !== undefined) checkContent(response.content, `${at} ${status}`);
  }
}

/** Asserts what OpenAPI 3.1 demands of a document's structure, and of ours that operations have names of their own. */
export function checkOpenApi(document: OpenApiDocument): void {
  assert.match(document.openapi, /^3\.1\.\d+$/);
  assert.ok(document.info.title.length > 0 && document.info.version.length > 0);
  const ids: string[] = [];
  for (const [path, item] of [...Object.entries(document.paths), ...Object.entries(document.webhooks)]) {
    assert.ok(path.startsWith("/") || path in document.webhooks, path);
    for (const [method, operation] of Object.entries(item)) {
      assert.ok(methods.has(method), method);
      checkOperation(operation, path, `${method} ${path}`);
      ids.push(operation.operationId);
    }
  }
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
    "operationIds are unique",
  );
  for (const id of ids) assert.match(id, /^[a-z][A-Za-z0-9]*$/);
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    assert.match(name, /^[A-Za-z0-9._-]+$/);
    checkSchema(schema, name);
  }
  for (const requirement of document.security)
    for (const scheme of Object.keys(requirement)) assert.ok(scheme in document.components.securitySchemes, scheme);
  checkReferences(document, document, "#");
}
