import type { Executor } from "../platform/database.ts";

/** What is known of the task that an A2A peer does for a task of ours. */
export interface PeerCall {
  /** The attempt that began it. */
  readonly attempt: number;
  /** Undefined until the peer has answered. */
  readonly peerTaskId: string | undefined;
  readonly contextId: string | undefined;
  /** How many of the answers to our task's questions the peer has been told. */
  readonly answersTold: number;
}

interface CallRow {
  readonly attempt: number;
  readonly peer_task_id: string | null;
  readonly context_id: string | null;
  readonly answers_told: number;
}

const openCall = {
  name: "open_peer_call",
  text: `INSERT INTO a2a_calls (task_id, agent_id, attempt, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (task_id) DO UPDATE SET agent_id = excluded.agent_id
         RETURNING attempt, peer_task_id, context_id, answers_told`,
};

const storePushHash = {
  name: "store_peer_push_hash",
  text: "UPDATE a2a_calls SET push_hash = $2 WHERE task_id = $1",
};

const storePeerTask = {
  name: "store_peer_task",
  text: "UPDATE a2a_calls SET peer_task_id = $2, context_id = $3, answers_told = $4 WHERE task_id = $1",
};

const deleteCall = { name: "delete_peer_call", text: "DELETE FROM a2a_calls WHERE task_id = $1" };

const selectPushHash = { name: "select_peer_push_hash", text: "SELECT push_hash FROM a2a_calls WHERE task_id = $1" };

// Few: there is a row for each open task that a peer does.
const takeEnded = {
  name: "take_ended_peer_calls",
  text: `DELETE FROM a2a_calls c USING tasks t
         WHERE t.id = c.task_id AND c.task_id IN (
           SELECT s.task_id FROM a2a_calls s JOIN tasks u ON u.id = s.task_id WHERE u.settled_at IS NOT NULL
           LIMIT $1 FOR UPDATE OF s SKIP LOCKED
         )
         RETURNING c.task_id, c.agent_id, c.peer_task_id, t.state, t.project_id`,
};

/** The peer's task for a task of ours: the one that was begun, by whichever attempt, else a new one by this attempt. */
export async function openPeerCall(
  db: Executor,
  call: { readonly taskId: string; readonly agentId: string; readonly attempt: number; readonly at: Date },
): Promise<PeerCall> {
  const [row] = await db.query<CallRow>(openCall, [call.taskId, call.agentId, call.attempt, call.at]);
  if (row === undefined) throw new Error("an upsert that returned nothing");
  return {
    attempt: row.attempt,
    peerTaskId: row.peer_task_id ?? undefined,
    contextId: row.context_id ?? undefined,
    answersTold: row.answers_told,
  };
}

/** Keeps what the peer's calls are known by, before it is told. */
export async function storePeerPushHash(db: Executor, taskId: string, hash: Buffer): Promise<void> {
  await db.query(storePushHash, [taskId, hash]);
}

/** Keeps what the peer calls its task. */
export async function storePeerTaskId(
  db: Executor,
  taskId: string,
  { peerTaskId, contextId, answersTold }: Omit<PeerCall, "attempt">,
): Promise<void> {
  await db.query(storePeerTask, [taskId, peerTaskId ?? null, contextId ?? null, answersTold]);
}

/** Forgets a peer's task that has ended badly: the next attempt begins another one. */
export async function deletePeerCall(db: Executor, taskId: string): Promise<void> {
  await db.query(deleteCall, [taskId]);
}

/** What the token of a peer's calls about this task hashes to; undefined when no peer does it. */
export async function findPeerPushHash(db: Executor, taskId: string): Promise<Buffer | undefined> {
  const [row] = await db.query<{ push_hash: Buffer | null }>(selectPushHash, [taskId]);
  return row?.push_hash ?? undefined;
}

/** A peer's task whose task of ours has ended. */
export interface EndedPeerCall {
  readonly task_id: string;
  readonly agent_id: string;
  readonly peer_task_id: string | null;
  readonly state: string;
  readonly project_id: string;
}

/** Takes away the peers' tasks of tasks that have ended, at most so many. */
export async function takeEndedPeerCalls(db: Executor, limit: number): Promise<EndedPeerCall[]> {
  return await db.query<EndedPeerCall>(takeEnded, [limit]);
}
