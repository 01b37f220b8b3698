import { HubError } from "../lib/errors.ts";
import { heartbeatTask } from "../tasks/heartbeat-task.ts";
import type { Claim } from "../tasks/held-task.ts";
import { inlineArtifact, maxInlineArtifacts, uploadOf } from "../tasks/inline-artifact.ts";
import type { LeasedTask } from "../tasks/lease-of-agent.ts";
import { putArtifact } from "../tasks/put-artifact.ts";
import type { ArtifactUpload } from "../tasks/store-artifact.ts";
import { recordTaskEvents, type TaskEvent } from "../tasks/record-task-events.ts";
import type { RunnerServices, RunReport, StopReason } from "./task-run.ts";

// What a worker may send in one call, too.
const maxBatch = 500;
const maxEventBytes = 65_536;

// Its beginning is enough to see what it was.
function boundedData(data: unknown): unknown {
  const text = JSON.stringify(data) ?? "null";
  return text.length <= maxEventBytes ? data : { truncated: true, beginning: text.slice(0, 1_000) };
}

/**
 * Keeps the lease of one attempt while its runner works: sends what the runner reports with each heartbeat, and hears
 * whether to go on. A heartbeat that fails for the database's sake is tried again until the lease has lapsed.
 */
export class LeaseKeeper implements RunReport {
  readonly #services: RunnerServices;
  readonly #claim: Claim;
  readonly #stop = new AbortController();
  readonly #everyMs: number;
  readonly #timeLimit: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;
  #expiresMs: number;
  #beating: Promise<void> = Promise.resolve();
  #ended = false;
  #seq = 0;
  #events: TaskEvent[] = [];
  #dropped = 0;
  #artifacts: ArtifactUpload[] = [];
  #artifactCount = 0;
  #progress: unknown;
  #usage: object | undefined;
  #hasNews = false;

  constructor(services: RunnerServices, claim: Claim, task: LeasedTask) {
    const { heartbeatSeconds, process: limits } = services.settings.runners;
    this.#services = services;
    this.#claim = claim;
    this.#expiresMs = task.leaseExpiresAt.getTime();
    this.#everyMs = Math.min(heartbeatSeconds, task.leaseSeconds / 3) * 1000;
    // Early enough for what was started to be gone when somebody else may get the task.
    const leftMs = task.deadlineAt.getTime() - services.clock.now();
    const marginMs = Math.min((limits.graceSeconds + 1) * 1000, leftMs * 0.2);
    this.#timeLimit = setTimeout(() => this.stop("timeout"), Math.max(0, leftMs - marginMs));
    this.#schedule();
  }

  /** Aborts, with a StopReason, when the run is to be broken off. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  stop(reason: StopReason): void {
    if (!this.#stop.signal.aborted) this.#stop.abort(reason);
  }

  event(type: string, data?: unknown): void {
    if (this.#seq >= this.#services.settings.runners.process.maxEvents) {
      this.#dropped += 1;
      return;
    }
    this.#hasNews = true;
    this.#events.push({
      seq: (this.#seq += 1),
      type: type.replaceAll("\u0000", "").toWellFormed().slice(0, 100) || "event",
      ...(data === undefined ? {} : { data: boundedData(data) }),
    });
  }

  artifact(artifact: unknown): void {
    const parsed = inlineArtifact.safeParse(artifact);
    const room = this.#artifactCount < maxInlineArtifacts;
    const upload = parsed.success && room ? uploadOf(parsed.data) : undefined;
    if (upload === undefined || upload.content.length > this.#services.settings.tasks.artifactLimitBytes) {
      const problem = parsed.success ? "too many or too large" : parsed.error.issues[0]?.message;
      this.event("artifact_refused", { problem });
      return;
    }
    this.#artifactCount += 1;
    this.#hasNews = true;
    this.#artifacts.push(upload);
  }

  progress(progress: unknown): void {
    this.#hasNews = true;
    this.#progress = boundedData(progress);
  }

  usage(usage: object): void {
    this.#hasNews = true;
    this.#usage = usage;
  }

  /** Ends the heartbeats after a last one, which holds what was reported since the one before. */
  async end(): Promise<void> {
    if (this.#dropped > 0) {
      this.#hasNews = true;
      this.#events.push({ seq: (this.#seq += 1), type: "events_dropped", data: this.#dropped });
    }
    this.#ended = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#timeLimit);
    await this.#beating;
    const { aborted, reason } = this.#stop.signal as { aborted: boolean; reason: StopReason };
    // After a timeout so that the lease lapses at the deadline, and the task's reason is that.
    if (aborted ? reason === "timeout" : this.#hasNews) await this.#beat();
  }

  #schedule(): void {
    if (this.#ended) return;
    this.#timer = setTimeout(() => {
      this.#beating = this.#beat().finally(() => this.#schedule());
    }, this.#everyMs);
  }

  async #beat(): Promise<void> {
    try {
      this.#hasNews = false;
      await this.#sendArtifacts();
      await this.#sendManyEvents();
      // In one commit: most commands say a few lines, and are done.
      const events = [...this.#events];
      const heartbeat = { progress: this.#progress, usage: this.#usage, events };
      const { leaseExpiresAt, signal } = await heartbeatTask(this.#services, this.#claim, heartbeat);
      this.#events.splice(0, events.length);
      this.#expiresMs = leaseExpiresAt.getTime();
      if (signal !== "continue") this.stop(signal === "cancel" ? "canceled" : signal);
    } catch (error) {
      const isLost = error instanceof HubError && error.status < 500;
      if (isLost || this.#services.clock.now() >= this.#expiresMs) this.stop("lease_lost");
      if (!isLost) this.#services.log.warn({ unit: "runner", err: error }, "a heartbeat failed");
    }
  }

  async #sendArtifacts(): Promise<void> {
    for (let [next] = this.#artifacts; next !== undefined; [next] = this.#artifacts) {
      await putArtifact(this.#services, this.#claim, next);
      this.#artifacts.shift();
    }
  }

  async #sendManyEvents(): Promise<void> {
    while (this.#events.length > maxBatch) {
      const batch = this.#events.slice(0, maxBatch);
      await recordTaskEvents(this.#services, this.#claim, batch);
      this.#events.splice(0, batch.length);
    }
  }
}
