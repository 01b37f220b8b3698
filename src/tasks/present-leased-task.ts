import { toWireId } from "../lib/ids.ts";
import { createOriginMarker, originMarkerText } from "../lib/origin-marker.ts";
import type { Services } from "../platform/services.ts";
import type { LeasedWork } from "./lease-for-worker.ts";
import { presentCoalesced } from "./task.ts";

/**
 * A task as whoever does it sees it, in the hub's own runners as in a worker: what may be followed, apart from what came from
 * outside.
 */
export function presentLeasedTask(
  { originKeys }: Pick<Services, "originKeys">,
  { task, event, dependencies }: LeasedWork,
) {
  const { agent, input } = task;
  const id = toWireId("task", task.id);
  return {
    id,
    agent: agent.name,
    state: "working",
    priority: task.priority,
    instructions: agent.instructions === undefined ? input : `${agent.instructions}\n\n${input}`,
    input,
    parameters: task.parameters ?? {},
    ...(task.sessionId === undefined ? {} : { sessionId: task.sessionId }),
    originMarker: originMarkerText(createOriginMarker(originKeys.current, id, task.depth)),
    ...(dependencies.length === 0 ? {} : { dependencies }),
    ...(task.answers.length === 0
      ? {}
      : { answers: task.answers.map(({ prompt, data, answeredAt }) => ({ prompt, data, answeredAt })) }),
    data: {
      trust: "untrusted",
      event,
      ...(task.coalesced === undefined ? {} : presentCoalesced(task.coalesced)),
    },
  };
}
