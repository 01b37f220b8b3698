import { z } from "zod";
import type { OriginMark } from "../../lib/origin-marker.ts";

const taskMessage = z.object({
  data: z.object({
    task: z.object({ id: z.string(), origin: z.object({ depth: z.number() }).optional() }),
  }),
});

/** Which task's doing one of the hub's own messages is: the task that it tells of. Undefined when it tells of none. */
export function ownOrigin(body: unknown): OriginMark | undefined {
  const parsed = taskMessage.safeParse(body);
  if (!parsed.success) return undefined;
  const { id, origin } = parsed.data.data.task;
  return { taskId: id, depth: origin?.depth ?? 0 };
}
