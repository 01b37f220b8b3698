import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { type EnqueueOutcome, enqueueTasks, type TaskDraft } from "../tasks/enqueue-tasks.ts";
import { type DraftSource, draftTask } from "./draft-task.ts";
import { type Admission, admit } from "./guards/admit.ts";
import { returnAdmissions } from "./guards/return-admissions.ts";

/** A candidate whose turn it is. */
export interface DueCandidate extends Omit<DraftSource, "agent"> {
  readonly agentId: string;
  /** When its event was routed. */
  readonly routedAt: Date;
  /** What of it there is to decide: all (`whole`), whether its event is collected, or whether what was collected is a task. */
  readonly stage: Admission["stage"];
}

/** What became of a candidate. `collected`: it may join the events that its route collects. */
export interface Verdict {
  readonly outcome: "matched" | "deduplicated" | "held" | "collected";
  readonly reason?: string;
  readonly detail?: string;
  readonly taskId?: string;
}

interface Draft {
  readonly admission: Admission;
  readonly task: TaskDraft;
}

/**
 * Asks the guards about candidates, then makes tasks of those that they let through, in the order given, unless their keys say
 * otherwise. Answers with what became of each, in the same order.
 */
export async function decideCandidates(
  tx: Transaction,
  services: TaskServices,
  candidates: readonly DueCandidate[],
): Promise<Verdict[]> {
  if (candidates.length === 0) return [];
  const admissions = candidates.map((due): Admission => ({
    taskId: services.newId(),
    projectId: due.projectId,
    agentId: due.agentId,
    routeId: due.routeId,
    limits: due.candidate.limits,
    atMs: due.routedAt.getTime(),
    stage: due.stage,
  }));
  const agents = await services.agents.getMany(
    tx,
    candidates.map((due) => due.agentId),
  );
  const holds = await admit(tx, services, admissions);
  const drafts: Draft[] = [];
  const verdicts = candidates.map((due, index): Verdict | Draft => {
    const admission = admissions[index] as Admission;
    const hold = holds[index];
    const agent = agents.get(due.agentId);
    if (hold !== undefined) return { outcome: "held", ...hold };
    if (agent === undefined) return { outcome: "held", reason: "agent_deleted" };
    if (due.stage === "event") return { outcome: "collected" };
    const draft = { admission, task: draftTask(admission.taskId, { ...due, agent }) };
    drafts.push(draft);
    return draft;
  });
  const made = await makeTasks(tx, services, drafts);
  return verdicts.map((verdict) => ("task" in verdict ? (made.get(verdict) as Verdict) : verdict));
}

async function makeTasks(
  tx: Transaction,
  services: TaskServices,
  drafts: readonly Draft[],
): Promise<Map<Draft, Verdict>> {
  const outcomes = await enqueueTasks(
    tx,
    services,
    drafts.map((draft) => draft.task),
  );
  const unmade = drafts.filter((_, index) => outcomes[index]?.outcome !== "stored");
  await returnAdmissions(
    tx,
    services,
    unmade.map((draft) => draft.admission),
  );
  return new Map(drafts.map((draft, index) => [draft, verdictOf(draft.task.id, outcomes[index])]));
}

function verdictOf(taskId: string, enqueued: EnqueueOutcome | undefined): Verdict {
  switch (enqueued?.outcome) {
    case "stored":
      return { outcome: "matched", taskId };
    case "deduplicated":
      return { outcome: "deduplicated", reason: "duplicate_key", taskId: enqueued.taskId };
    case "dropped":
      return { outcome: "held", reason: "concurrency_dropped" };
    case undefined:
      throw new Error("a draft came to nothing");
  }
}
