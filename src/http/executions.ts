import { z } from "zod";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { executeAgent } from "../tasks/execute-agent.ts";
import { executionSchema } from "../tasks/execution.ts";
import { getExecution } from "../tasks/get-execution.ts";
import { type Operation, operation } from "./operation.ts";

const tag = "Executions";
const maxWaitSeconds = 60;
const defaultWaitSeconds = 30;
// As of a task.
const maxTaskCharacters = 262_144;

const waitSeconds = z.number().min(0).max(maxWaitSeconds);
const aboutWaiting = `How long to wait for its end; absent: ${defaultWaitSeconds}.`;

const executionRequest = z
  .strictObject({
    agent_name: z.string().min(1).max(200).describe("The name or id of the agent."),
    task: z.string().min(1).max(maxTaskCharacters).describe("What the agent is told."),
    parameters: jsonObjectSchema.exactOptional().describe("Passed on with the task."),
    waitSeconds: waitSeconds.exactOptional().describe(aboutWaiting),
  })
  .meta({ id: "ExecutionRequest" });

// RFC 7240 §4.3. A preference is no demand: what is too long is made shorter.
function preferredWait(preferences: readonly string[]): number | undefined {
  const found = preferences.map((preference) => /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(;|$)/i.exec(preference)?.[1]);
  const seconds = found.find((each) => each !== undefined);
  return seconds === undefined ? undefined : Math.min(Number(seconds), maxWaitSeconds);
}

/** The calls that give an agent something to do and look at it as an execution. */
export function executionOperations(services: TaskServices): readonly Operation[] {
  return [
    operation({
      method: "post",
      path: "/api/v1/agents/execute",
      summary: "Have an agent do something, and wait for it",
      tag,
      query: z.strictObject({
        waitSeconds: z.coerce.number().pipe(waitSeconds).optional().describe("The same as in the body."),
      }),
      optionalHeaders: { Prefer: "`respond-async` answers 202 at once, `wait=5` in five seconds at the latest." },
      body: executionRequest,
      freeFields: ["task", "parameters"],
      responses: {
        200: { description: "It has ended, well or badly.", schema: executionSchema },
        202: {
          description: "It goes on; `Location` is where to ask for it.",
          schema: executionSchema,
        },
        409: { description: "`budget_exceeded`: the budget of the agent or project has no room." },
      },
      async handle(ctx, { body, query, request, signal }) {
        const { agent_name: agentName, task, parameters } = body;
        const preferences = (request.get("prefer") ?? "").split(",");
        const isAsync = preferences.some((preference) => /^\s*respond-async\s*(;|$)/i.test(preference));
        const wait = body.waitSeconds ?? query.waitSeconds ?? preferredWait(preferences) ?? defaultWaitSeconds;
        const execution = await executeAgent(
          { ...services, ...ctx },
          {
            agentName,
            task,
            ...(parameters === undefined ? {} : { parameters }),
            waitSeconds: isAsync ? 0 : wait,
            signal,
          },
        );
        const hasEnded = execution.status === "completed" || execution.status === "failed";
        if (hasEnded) return { status: 200, body: execution };
        const headers = {
          Location: `/api/v1/executions/${execution.id}`,
          ...(isAsync ? { "Preference-Applied": "respond-async" } : {}),
        };
        return { status: 202, body: execution, headers };
      },
    }),
    operation({
      method: "get",
      path: "/api/v1/executions/{id}",
      summary: "Read an execution",
      tag,
      params: z.strictObject({ id: wireIdSchema("task") }),
      responses: {
        200: { description: "The execution.", schema: executionSchema },
        404: { description: "The project has no such execution." },
      },
      handle: async (ctx, { params: { id } }) => ({ status: 200, body: await getExecution(ctx, id) }),
    }),
  ];
}
