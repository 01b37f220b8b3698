import { hostname } from "node:os";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { systemActor } from "../access/system-actor.ts";
import { selectAgentsRunByHub } from "../agents/store.ts";
import { type Recurring, startRecurring } from "../platform/recurring.ts";
import type { LeasedTask } from "../tasks/lease-of-agent.ts";
import { leaseTasksNow } from "../tasks/lease-tasks.ts";
import type { TaskWaiters } from "../tasks/task-waiters.ts";
import { removeOldSessions } from "./process/remove-old-sessions.ts";
import { type StartedRun, startRun } from "./run-task.ts";
import type { RunnerServices, StopReason } from "./task-run.ts";

// A wait that ends begins anew; only so that its timer is one that setTimeout takes.
const waitMs = 3_600_000;
const afterErrorMs = 1_000;
const cleanSeconds = 3_600;

/**
 * Does the tasks of agents that the hub reaches itself. One worker for all of them: as many tasks at a time as there are
 * slots, by priority, then age, and of no agent more than its share, so that one with a backlog cannot hold them all.
 */
export class RunnerPool {
  readonly #services: RunnerServices;
  readonly #waiters: TaskWaiters;
  readonly #runs = new Set<StartedRun>();
  readonly #workerId = `hub ${hostname().slice(0, 60)} ${process.pid}`;
  readonly #stopListening: () => void;
  #agentIds: readonly string[] = [];
  #agentsChanged = true;
  #news = new AbortController();
  #isStopping = false;
  #looping: Promise<void> = Promise.resolve();
  #cleaning: Recurring | undefined;

  constructor(services: RunnerServices, waiters: TaskWaiters) {
    this.#services = services;
    this.#waiters = waiters;
    this.#stopListening = services.signals.on("agents", () => {
      this.#agentsChanged = true;
      this.#lookAgain();
    });
  }

  /** How many tasks it does. */
  get underWay(): number {
    return this.#runs.size;
  }

  start(): void {
    this.#looping = this.#loop();
    this.#cleaning = startRecurring("old sessions", cleanSeconds, () => this.#removeOldSessions(), this.#services.log);
  }

  /**
   * Takes no more tasks. What is under way may end within `graceMs`; then it is broken off, and given back to be done by
   * somebody else at once.
   */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.#stopListening();
    this.#lookAgain();
    const timer = setTimeout(() => this.#stopRuns("stopping"), graceMs);
    await this.#looping;
    await Promise.all([...this.#runs].map((run) => run.ended));
    clearTimeout(timer);
    await this.#cleaning?.stop();
  }

  async #removeOldSessions(): Promise<void> {
    const { settings, sessionsDirectory, log } = this.#services;
    const { directory = sessionsDirectory, keepDays } = settings.runners.process;
    const removed = await removeOldSessions(resolve(directory), Date.now() - keepDays * 86_400_000);
    if (removed > 0) log.info({ unit: "old sessions", removed }, "removed the directories of old sessions");
  }

  #stopRuns(reason: StopReason): void {
    for (const run of this.#runs) run.stop(reason);
  }

  #lookAgain(): void {
    this.#news.abort();
  }

  async #loop(): Promise<void> {
    while (!this.#isStopping)
      try {
        this.#news = new AbortController();
        await this.#takeTasks(this.#news.signal);
      } catch (err) {
        this.#services.log.warn({ unit: "runner", err }, "cannot lease tasks; trying again shortly");
        await delay(afterErrorMs);
      }
  }

  async #takeTasks(news: AbortSignal): Promise<void> {
    if (this.#agentsChanged) {
      this.#agentsChanged = false;
      this.#agentIds = await selectAgentsRunByHub(this.#services.db);
    }
    const { slots } = this.#services.settings.runners;
    const agentIds = slots > this.#runs.size ? this.#agentIds.filter((id) => this.#roomOf(id) > 0) : [];
    if (agentIds.length === 0) await aborted(news);
    const tasks =
      agentIds.length === 0 ? [] : await this.#waiters.until(agentIds, () => this.#lease(agentIds), waitMs, news);
    for (const task of tasks) this.#begin(task);
  }

  async #lease(agentIds: readonly string[]): Promise<LeasedTask[]> {
    if (this.#isStopping) return [];
    const { db, agents, settings } = this.#services;
    return await leaseTasksNow(this.#services, {
      actor: systemActor(""),
      workerId: this.#workerId,
      agents: [...(await agents.getMany(db, agentIds)).values()],
      max: settings.runners.slots - this.#runs.size,
      room: new Map(agentIds.map((id) => [id, this.#roomOf(id)])),
    });
  }

  #roomOf(agentId: string): number {
    let room = this.#services.settings.runners.agentSlots;
    for (const run of this.#runs) if (run.agentId === agentId) room -= 1;
    return room;
  }

  #begin(task: LeasedTask): void {
    const run = startRun(this.#services, task);
    this.#runs.add(run);
    if (this.#isStopping) run.stop("stopping");
    void run.ended.then(() => {
      this.#runs.delete(run);
      this.#lookAgain();
    });
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
