import type { Tool } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { parseInput } from "../../lib/parse-input.ts";
import type { Operation, OperationInput } from "../operation.ts";
import { rejectUnstorable } from "../reject-unstorable.ts";
import type { ToolDeclaration } from "./tools.ts";

const parts = ["params", "query", "body"] as const;

type Part = (typeof parts)[number];

interface ObjectSchema {
  readonly properties: Readonly<Record<string, object>>;
  readonly required: readonly string[];
  readonly definitions: Readonly<Record<string, object>>;
}

function describePart(schema: z.ZodType | undefined): ObjectSchema | undefined {
  if (schema === undefined) return undefined;
  const { $defs: definitions = {}, ...root } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  // A schema with a name is a reference to its own definition.
  const named = root.$ref === undefined ? undefined : definitions[root.$ref.replace("#/$defs/", "")];
  const { type, properties, required = [] } = named ?? root;
  if (type !== "object" || properties === undefined) return undefined;
  return { properties: properties as Record<string, object>, required, definitions };
}

/** A call of the API as a tool: its path, query and body parameters are one flat object. */
export interface OperationTool {
  readonly tool: Tool;
  readonly operation: Operation;
  /** What the operation is called with; throws InvalidError as the call over HTTP does. */
  read(
    args: Readonly<Record<string, unknown>>,
    rest: Pick<OperationInput<unknown, unknown, unknown>, "request" | "signal">,
  ): OperationInput<unknown, unknown, unknown>;
}

/** Makes the tool. Throws when a parameter stands in two parts, or a part is no object: such a call needs a tool of its own. */
export function operationTool(declaration: ToolDeclaration, operation: Operation): OperationTool {
  const partOf = new Map<string, Part>();
  const properties: Record<string, object> = {};
  const required: string[] = [];
  const definitions: Record<string, object> = {};
  for (const part of parts) {
    const schema = operation[part];
    const described = describePart(schema);
    if (schema !== undefined && described === undefined)
      throw new Error(`${declaration.name}: ${part} is no object that a tool could take`);
    for (const [name, property] of Object.entries(described?.properties ?? {})) {
      if (partOf.has(name)) throw new Error(`${declaration.name}: ${name} stands in two places`);
      partOf.set(name, part);
      properties[name] = property;
    }
    required.push(...(described?.required ?? []));
    Object.assign(definitions, described?.definitions);
  }

  const { name, readOnly, hint } = declaration;
  return {
    operation,
    tool: {
      name,
      description: [operation.summary, hint].filter((text) => text !== undefined).join(". "),
      inputSchema: {
        type: "object",
        properties,
        required,
        additionalProperties: false,
        ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions }),
      },
      annotations: { readOnlyHint: readOnly, destructiveHint: name.startsWith("cancel") },
    },
    read(args, rest) {
      const given: Record<Part, Record<string, unknown>> = { params: {}, query: {}, body: {} };
      // What is unknown goes to the strictest part, which names it in its refusal.
      for (const [key, value] of Object.entries(args)) given[partOf.get(key) ?? lastPart(operation)][key] = value;
      rejectUnstorable(given.params);
      rejectUnstorable(given.query);
      rejectUnstorable(given.body, operation.freeFields);
      return {
        params: readPart(operation.params, given.params),
        query: readPart(operation.query, given.query),
        body: readPart(operation.body, given.body),
        ...rest,
      };
    },
  };
}

function lastPart(operation: Operation): Part {
  return parts.findLast((part) => operation[part] !== undefined) ?? "query";
}

const noFields = z.strictObject({});

function readPart(schema: z.ZodType | undefined, value: object): unknown {
  return parseInput(schema ?? noFields, value);
}
