import { V03PushNotificationSerializer } from "@a2a-js/sdk/compat/v0_3/server";
import { V1PushNotificationSerializer } from "@a2a-js/sdk/server";
import { systemActor } from "../../access/system-actor.ts";
import type { OutboundResult } from "../../platform/outbound-exchange.ts";
import type { TaskServices } from "../../tasks/announce-tasks.ts";
import { isTerminal } from "../../tasks/task-state.ts";
import { readTold } from "./follow-task.ts";
import { presentA2aTask } from "./present-task.ts";
import { openPushSecrets } from "./push-configs.ts";
import { claimDuePushes, type DuePush, type PushRecord, recordPushOutcome } from "./push-store.ts";

const batch = 32;
const timeoutMs = 15_000;
// Longer than a call may take: who has claimed one and says nothing by then has died.
const claimMs = 60_000;
const firstRetryMs = 5_000;
// With waits that double, some twenty minutes.
const maxFailures = 9;
const maxErrorCharacters = 500;

const serializers = { current: new V1PushNotificationSerializer(), legacy: new V03PushNotificationSerializer() };

async function call(services: TaskServices, due: DuePush): Promise<OutboundResult> {
  const ctx = { ...services, actor: systemActor(due.project_id) };
  const task = presentA2aTask(await readTold({ ctx }, due.task_id), 0);
  const serializer = due.version === "0.3" ? serializers.legacy : serializers.current;
  const { body, contentType } = serializer.serialize({ payload: { $case: "task", value: task } }, task);
  const { token, scheme, credentials } = openPushSecrets(services.secretBox, due);
  return await services.outbound.request({
    url: due.url,
    method: "POST",
    headers: {
      "content-type": contentType,
      ...(token === "" ? {} : { "x-a2a-notification-token": token }),
      ...(scheme === "" ? {} : { authorization: `${scheme} ${credentials}` }),
    },
    body: Buffer.from(body),
    timeoutMs,
    maxResponseBytes: 0,
  });
}

function recordOf(due: DuePush, result: OutboundResult, nowMs: number): PushRecord {
  const isTaken = result.kind === "response" && result.status >= 200 && result.status < 300;
  if (isTaken)
    return { told: due.state, failures: 0, error: undefined, ended: isTerminal(due.state), dueAt: new Date(nowMs) };
  const error = result.kind === "response" ? `answered ${result.status}` : `${result.reason}: ${result.detail}`;
  const failures = due.failures + 1;
  return {
    told: undefined,
    failures,
    error: error.slice(0, maxErrorCharacters),
    // 410 says that nobody is there any more (RFC 9110 §15.5.11).
    ended: failures >= maxFailures || (result.kind === "response" && result.status === 410),
    dueAt: new Date(nowMs + firstRetryMs * 2 ** due.failures),
  };
}

async function push(services: TaskServices, due: DuePush): Promise<void> {
  const { db, clock, log } = services;
  try {
    const result = await call(services, due);
    // Not the receiver's failure: it is due again when the claim lapses.
    if (result.kind === "failure" && result.reason === "aborted") return;
    await recordPushOutcome(db, due, recordOf(due, result, clock.now()));
  } catch (err) {
    log.warn({ unit: "a2a", err }, "a push notification could not be sent; trying again in a minute");
  }
}

/** Tells the receivers of push notifications what their tasks have become, at least once each; answers with how many. */
export async function sendPushes(services: TaskServices): Promise<number> {
  const nowMs = services.clock.now();
  const due = await claimDuePushes(services.db, new Date(nowMs), new Date(nowMs + claimMs), batch);
  await Promise.all(due.map((each) => push(services, each)));
  return due.length;
}
