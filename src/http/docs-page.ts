import { curlExample } from "./curl-example.ts";
import { renderField, renderProse, renderSchema } from "./docs-schema.ts";
import { docsScript, docsStyle } from "./docs-style.ts";
import { exampleOf } from "./example-of-schema.ts";
import { escapeHtml, type Page } from "./html.ts";
import type { OpenApiContent, OpenApiDocument, OpenApiOperation, OpenApiPath } from "./openapi-document.ts";

interface Call {
  readonly method: string;
  readonly path: string;
  readonly operation: OpenApiOperation;
}

function callsOf(paths: Readonly<Record<string, OpenApiPath>>): Call[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
}

function renderContent(content: OpenApiContent, document: OpenApiDocument): string {
  const components = document.components.schemas;
  return Object.entries(content)
    .map(([contentType, { schema }]) => {
      if (schema === undefined) return `<p class="type">${escapeHtml(contentType)}</p>`;
      const example = JSON.stringify(exampleOf(schema, components), null, 2);
      return `<p class="type">${escapeHtml(contentType)}</p>${renderSchema(schema, components)}
<details><summary>Example</summary><pre>${escapeHtml(example)}</pre></details>`;
    })
    .join("");
}

function renderParameters({ parameters = [] }: OpenApiOperation): string {
  if (parameters.length === 0) return "";
  const rows = parameters.map(({ name, schema, required, description, in: place }) =>
    renderField(name, schema, required, `${description ?? ""} (${place})`.trim()),
  );
  return `<h4>Parameters</h4><table>${rows.join("")}</table>`;
}

function renderResponses({ responses }: OpenApiOperation, document: OpenApiDocument): string {
  const rendered = Object.entries(responses).map(([status, response]) => {
    if ("$ref" in response)
      return `<dt>${escapeHtml(status)}</dt><dd>Any error: a <a href="#schema-Problem">Problem</a>.</dd>`;
    const content = response.content === undefined ? "" : renderContent(response.content, document);
    return `<dt>${escapeHtml(status)}</dt><dd>${renderProse(response.description)}${content}</dd>`;
  });
  return `<h4>Answers</h4><dl>${rendered.join("")}</dl>`;
}

function renderCall({ method, path, operation }: Call, document: OpenApiDocument, isWebhook: boolean): string {
  const { operationId, summary, description, requestBody } = operation;
  const id = escapeHtml(operationId);
  const curl = isWebhook ? "" : `<pre>${escapeHtml(curlExample(method, path, operation, document))}</pre>`;
  return `<section class="call" id="${id}" data-find="${escapeHtml(`${method} ${path} ${summary}`.toLowerCase())}">
<h3><a href="#${id}">${escapeHtml(summary)}</a></h3>
<p class="line"><span class="method ${escapeHtml(method)}">${escapeHtml(method)}</span> <code>${escapeHtml(path)}</code></p>
${description === undefined ? "" : `<p>${renderProse(description)}</p>`}${curl}
${renderParameters(operation)}
${requestBody === undefined ? "" : `<h4>Body</h4>${renderContent(requestBody.content, document)}`}
${renderResponses(operation, document)}</section>`;
}

function renderGroup(name: string, calls: readonly Call[], document: OpenApiDocument, isWebhook = false): string {
  if (calls.length === 0) return "";
  const rendered = calls.map((call) => renderCall(call, document, isWebhook));
  return `<section class="group"><h2>${escapeHtml(name)}</h2>${rendered.join("")}</section>`;
}

function renderLinks(name: string, calls: readonly Call[]): string {
  if (calls.length === 0) return "";
  const links = calls.map(
    ({ method, path, operation }) =>
      `<li data-find="${escapeHtml(`${method} ${path} ${operation.summary}`.toLowerCase())}">` +
      `<a href="#${escapeHtml(operation.operationId)}">${escapeHtml(operation.summary)}</a></li>`,
  );
  return `<h2>${escapeHtml(name)}</h2><ul>${links.join("")}</ul>`;
}

function renderComponents({ components }: OpenApiDocument): string {
  const rendered = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<section id="schema-${escapeHtml(name)}"><h3><a href="#schema-${escapeHtml(name)}">${escapeHtml(name)}</a></h3>
${renderSchema(schema)}</section>`,
  );
  return `<section class="group"><h2>Schemas</h2>${rendered.join("")}</section>`;
}

/** The document as a page for people: every call with its parameters, bodies, answers and a curl line, all in one place. */
export function renderDocs(document: OpenApiDocument): Page {
  const calls = callsOf(document.paths);
  const messages = callsOf(document.webhooks);
  const groups = document.tags.map(({ name }) => ({
    name,
    calls: calls.filter(({ operation }) => operation.tags.includes(name)),
  }));
  const intro = document.info.description.split("\n\n").map((paragraph) => `<p>${renderProse(paragraph)}</p>`);
  const links = [...groups, { name: "Messages", calls: messages }].map((group) => renderLinks(group.name, group.calls));
  const body = `<nav><p class="name"><a href="/">Hookyard</a> <small>${escapeHtml(document.info.version)}</small></p>
<input type="search" placeholder="Find a call" aria-label="Find a call">${links.join("")}
<h2>More</h2><ul><li><a href="/openapi.json">openapi.json</a></li></ul></nav>
<main><h1>The API</h1>${intro.join("")}
${groups.map((group) => renderGroup(group.name, group.calls, document)).join("")}
${renderGroup("Messages to subscribers", messages, document, true)}
${renderComponents(document)}</main>`;
  return { title: "Hookyard: the API", style: docsStyle, body, script: docsScript };
}
