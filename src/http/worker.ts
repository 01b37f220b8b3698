import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import type { AgentNames } from "../agents/agent-cache.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { displayName, storableText } from "../lib/storable-text.ts";
import { toWireId } from "../lib/ids.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { askForInput } from "../tasks/ask-for-input.ts";
import { type SettleCommit, settleUnderLease } from "../tasks/complete-task.ts";
import { completeTasks } from "../tasks/complete-tasks.ts";
import { failTask } from "../tasks/fail-task.ts";
import { heartbeatTask } from "../tasks/heartbeat-task.ts";
import type { Claim } from "../tasks/held-task.ts";
import { expiresInSeconds } from "../tasks/input-request.ts";
import { leaseForWorker } from "../tasks/lease-for-worker.ts";
import { recordTaskEvents } from "../tasks/record-task-events.ts";
import { releaseTask } from "../tasks/release-task.ts";
import { taskStates } from "../tasks/task-state.ts";
import type { TaskWaiters } from "../tasks/task-waiters.ts";
import { leasedWorkSchema, presentLeasedWork } from "./leased-work.ts";
import { type Operation, operation } from "./operation.ts";

/** What the worker calls need besides the context of a request. */
export interface WorkerServices extends TaskServices {
  readonly agentNames: AgentNames;
  readonly waiters: TaskWaiters;
  readonly settle: SettleCommit;
}

const tag = "Workers";
const params = z.strictObject({ id: wireIdSchema("task") });
const leaseToken = storableText(200).min(1).meta({ description: "The token that came with the lease." });
const usage = jsonObjectSchema.meta({
  description:
    "What this attempt has cost so far. `tokens`, or `inputTokens` and `outputTokens`, and `costUsd` count against budgets; the rest is kept.",
});

const leaseBody = z.strictObject({
  workerId: displayName.meta({ description: "Names the worker in the attempts it makes." }),
  agents: z.array(displayName).min(1).max(100).meta({ description: "Names of the agents to work for." }),
  max: z.int().min(1).max(100).default(1).meta({ description: "How many tasks to lease at most." }),
  waitSeconds: z.number().min(0).max(60).default(0).meta({ description: "How long to wait for a task." }),
  leaseSeconds: z.int().min(1).max(3600).optional().meta({ description: "Instead of the agent's own." }),
});

const stateAnswer = z.strictObject({ id: z.string(), state: z.enum(taskStates) }).meta({ id: "TaskStateAnswer" });
const batchAnswer = z
  .strictObject({
    results: z.array(
      z.union([
        stateAnswer,
        z.strictObject({
          id: z.string(),
          error: z
            .strictObject({ status: z.int(), code: z.string(), message: z.string() })
            .meta({ description: "As the call for this task alone would answer; nothing of it was changed." }),
        }),
      ]),
    ),
  })
  .meta({ id: "CompletedTasks" });
const leaseLostResponse = { description: "`lease_lost`: the lease no longer holds, and nothing was changed." };

function claimOf({ actor }: Context, taskId: string, token: string): Claim {
  authorise(actor, "worker:lease");
  return { actor, taskId, leaseToken: token };
}

/** The calls of a pull worker, in any language (API.md, "Workers"). */
export function workerOperations(services: WorkerServices): Operation[] {
  const withServices = (ctx: Context): Context & WorkerServices => ({ ...services, ...ctx });

  return [
    operation({
      method: "post",
      path: "/api/v1/worker/lease",
      summary: "Lease tasks, waiting for some if asked to",
      tag,
      body: leaseBody,
      responses: {
        200: { description: "The tasks, each under a lease of its own.", schema: leasedWorkSchema },
        204: { description: "There was none until the wait ended." },
      },
      async handle(ctx, { body, request, signal }) {
        const caller = { signal, isGone: () => request.socket.destroyed };
        const work = await leaseForWorker(withServices(ctx), services.agentNames, services.waiters, body, caller);
        return work.length === 0
          ? { status: 204 }
          : { status: 200, body: { tasks: work.map((each) => presentLeasedWork(services, each)) } };
      },
    }),

    operation({
      method: "post",
      path: "/api/v1/worker/tasks/{id}/heartbeat",
      summary: "Extend the lease, and hear whether to go on",
      tag,
      params,
      body: z.strictObject({ leaseToken, progress: z.unknown().optional(), usage: usage.optional() }),
      freeFields: ["progress", "usage"],
      responses: {
        200: {
          description: "The lease was extended, unless the signal says otherwise.",
          schema: z
            .strictObject({
              leaseExpiresAt: z.iso.datetime(),
              signal: z.enum(["continue", "cancel", "budget_exceeded"]),
            })
            .meta({ id: "HeartbeatAnswer" }),
        },
        409: leaseLostResponse,
      },
      async handle(ctx, { params: { id }, body: { leaseToken: token, ...heartbeat } }) {
        const answer = await heartbeatTask(services, claimOf(ctx, id, token), heartbeat);
        return { status: 200, body: { ...answer, leaseExpiresAt: answer.leaseExpiresAt.toISOString() } };
      },
    }),

    operation({
      method: "post",
      path: "/api/v1/worker/tasks/{id}/events",
      summary: "Report what is being done",
      tag,
      params,
      body: z.strictObject({
        leaseToken,
        events: z
          .array(
            z.strictObject({
              seq: z.int().min(0),
              type: storableText(100).min(1),
              data: z.unknown().optional(),
            }),
          )
          .min(1)
          .max(500),
      }),
      freeFields: ["events"],
      responses: {
        200: {
          description: "Kept; a repeated `seq` was ignored.",
          schema: z.strictObject({ recorded: z.int() }).meta({ id: "RecordedEvents" }),
        },
        409: leaseLostResponse,
      },
      async handle(ctx, { params: { id }, body }) {
        return { status: 200, body: await recordTaskEvents(services, claimOf(ctx, id, body.leaseToken), body.events) };
      },
    }),

    operation({
      method: "post",
      path: "/api/v1/worker/tasks/{id}/complete",
      summary: "Settle the task as completed",
      tag,
      params,
      body: z.strictObject({ leaseToken, result: z.unknown().optional(), usage: usage.optional() }),
      freeFields: ["result", "usage"],
      responses: {
        200: { description: "Settled and announced. The same call again answers the same.", schema: stateAnswer },
        409: leaseLostResponse,
      },
      async handle(ctx, { params: { id }, body }) {
        const { state } = await settleUnderLease(services.settle, claimOf(ctx, id, body.leaseToken), {
          to: "completed",
          result: body.result,
          ...(body.usage === undefined ? {} : { usage: body.usage }),
        });
        return { status: 200, body: { id: toWireId("task", id), state } };
      },
    }),

    operation({
      method: "post",
      path: "/api/v1/worker/complete",
      summary: "Settle several tasks as completed",
      tag,
      body: z.strictObject({
        items: z
          .array(
            z.strictObject({
              taskId: wireIdSchema("task"),
              leaseToken,
              result: z.unknown().optional(),
              usage: usage.optional(),
            }),
          )
          .min(1)
          .max(100),
      }),
      freeFields: ["items"],
      responses: {
        200: {
          description: "What became of each, in their order. The same call again answers the same.",
          schema: batchAnswer,
        },
      },
      async handle(ctx, { body: { items } }) {
        const completions = items.map(({ taskId, leaseToken: token, ...said }) => ({
          ...claimOf(ctx, taskId, token),
          ...said,
        }));
        const outcomes = await completeTasks(services.settle, completions);
        const results = outcomes.map((outcome, index) => {
          const id = toWireId("task", completions[index]?.taskId ?? "");
          if ("state" in outcome) return { id, state: outcome.state };
          const { status, code, message } = outcome.refusal;
          return { id, error: { status, code, message } };
        });
        return { status: 200, body: { results } };
      },
    }),

    operation({
      method: "post",
      path: "/api/v1/worker/tasks/{id}/fail",
      summary: "End the attempt as failed",
      tag,
      params,
      body: z.strictObject({
        leaseToken,
        error: z.strictObject({ code: z.string().min(1).max(100), message: z.string().max(10_000) }),
        retryable: z.boolean(),
        retryAfterSeconds: z.number().min(0).max(86_400).optional(),
        usage: usage.exactOptional(),
      }),
      freeFields: ["error", "usage"],
      responses: {
        200: { description: "`submitted` when it will be tried again, else `failed`.", schema: stateAnswer },
        409: leaseLostResponse,
      },
      async handle(ctx, { params: { id }, body: { leaseToken: token, retryAfterSeconds, ...failure } }) {
        const { state } = await failTask(services, services.settle, claimOf(ctx, id, token), {
          ...failure,
          ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
        });
        return { status: 200, body: { id: toWireId("task", id), state } };
      },
    }),

    operation({
      method: "post",
      path: "/api/v1/worker/tasks/{id}/input-required",
      summary: "Have the task wait for a person's answer",
      tag,
      params,
      body: z.strictObject({
        leaseToken,
        prompt: z.string().min(1).max(10_000).meta({ description: "What is asked." }),
        schema: jsonObjectSchema.exactOptional().meta({ description: "The JSON Schema of the answer." }),
        expiresInSeconds: expiresInSeconds.exactOptional().meta({ description: "Absent: it waits for ever." }),
      }),
      freeFields: ["prompt", "schema"],
      responses: {
        200: { description: "The slot is free. Once answered, the task is leased again.", schema: stateAnswer },
        409: leaseLostResponse,
      },
      async handle(ctx, { params: { id }, body: { leaseToken: token, ...question } }) {
        const { state } = await askForInput(services, claimOf(ctx, id, token), question);
        return { status: 200, body: { id: toWireId("task", id), state } };
      },
    }),

    operation({
      method: "post",
      path: "/api/v1/worker/tasks/{id}/release",
      summary: "Give the task back without charging an attempt",
      tag,
      params,
      body: z.strictObject({ leaseToken }),
      responses: {
        200: { description: "It waits for another worker.", schema: stateAnswer },
        409: leaseLostResponse,
      },
      async handle(ctx, { params: { id }, body }) {
        const { state } = await releaseTask(services, claimOf(ctx, id, body.leaseToken));
        return { status: 200, body: { id: toWireId("task", id), state } };
      },
    }),
  ];
}
