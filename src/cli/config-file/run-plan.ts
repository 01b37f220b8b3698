import { hideValues } from "./environment.ts";
import { ConfigFileError } from "./faults.ts";
import { type HubClient, RefusedCallError } from "./hub-client.ts";
import { type Fields, type Kind, pathOf } from "./kinds.ts";
import type { Plan, Step } from "./plan.ts";
import type { ConfigFile } from "./read-config-file.ts";
import type { References } from "./references.ts";
import { titleOf } from "./show-plan.ts";

const done = { create: "created", update: "changed", delete: "deleted" } as const;

function withIds({ reference }: Kind, fields: Fields, references: References): Fields {
  if (reference === undefined || fields[reference.idField] === undefined) return fields;
  return { ...fields, [reference.idField]: references.idOf(fields[reference.idField]) };
}

async function runStep(client: HubClient, step: Step, references: References): Promise<void> {
  const { kind } = step;
  const path = pathOf(kind);
  if (step.action === "create") {
    const { id } = await client.call("POST", path, withIds(kind, step.body, references));
    references.put(step.standIn, String(id));
  } else if (step.action === "update") {
    const changes = Object.fromEntries(step.changes.map(({ field, sent }) => [field, sent]));
    await client.call("PATCH", `${path}/${step.id}`, withIds(kind, changes, references));
  } else await client.call("DELETE", `${path}/${String(step.view["id"])}`);
}

function refusalOf(error: RefusedCallError, step: Step, file: ConfigFile): ConfigFileError {
  const say = (message: string): string => hideValues(`${titleOf(step)}: ${message}`, file.hidden);
  if (step.action === "delete")
    return new ConfigFileError(file.name, [{ line: undefined, message: say(error.message) }]);
  const { lineOf } = step.entry;
  const { reference } = step.kind;
  const fields = (error.errors ?? []).map(({ path, message }) => {
    const field = path === reference?.idField ? reference.field : path;
    return { line: lineOf(field), message: say(`${field} ${message}`) };
  });
  return new ConfigFileError(file.name, fields.length > 0 ? fields : [{ line: lineOf(), message: say(error.message) }]);
}

/**
 * Does what is planned, in order, and tells of each step. Throws ConfigFileError with the line of the first entry that the hub refuses;
 * what was done until then is done, and the next run goes on from there.
 */
export async function runPlan(
  client: HubClient,
  { steps, references }: Plan,
  file: ConfigFile,
  tell: (line: string) => void,
): Promise<void> {
  for (const step of steps) {
    try {
      await runStep(client, step, references);
    } catch (error) {
      throw error instanceof RefusedCallError ? refusalOf(error, step, file) : error;
    }
    tell(hideValues(`${done[step.action]} ${titleOf(step)}`, file.hidden));
  }
}
