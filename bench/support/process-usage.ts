import { readdir, readFile } from "node:fs/promises";

const sampleMs = 100;
// USER_HZ of proc(5), which is 100 on every Linux that Node runs on.
const ticksPerSecond = 100;

/** What a process has used. Both are undefined where there is no /proc. */
export interface ProcessUsage {
  /** The largest resident set seen by a look every 100 ms, in MiB. */
  readonly peakRssMiB: number | undefined;
  /** User and system time so far. */
  readonly cpuSeconds: number | undefined;
}

/** The CPU time between two looks, in µs for each of `count` things done. */
export function cpuMicrosPer(before: ProcessUsage, after: ProcessUsage, count: number): number | undefined {
  if (before.cpuSeconds === undefined || after.cpuSeconds === undefined) return undefined;
  return ((after.cpuSeconds - before.cpuSeconds) * 1e6) / count;
}

async function readRssMiB(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "latin1").catch(() => "");
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
}

// proc(5) numbers its fields from 1, the process id; the name before the third, in parentheses, may hold spaces.
const parentField = 4;
const ownTimeFields = [14, 15];
const endedChildrenTimeFields = [16, 17];

async function readStat(pid: number | string): Promise<((field: number) => number) | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return stat === "" ? undefined : (field) => Number(fields[field - 3]);
}

async function readCpuSeconds(pid: number): Promise<number | undefined> {
  const field = await readStat(pid);
  return field === undefined ? undefined : ownTimeFields.reduce((sum, each) => sum + field(each), 0) / ticksPerSecond;
}

/** The CPU time so far of a process and of all that it has started, those that have ended included. Needs /proc. */
export async function readCpuSecondsOfFamily(pid: number): Promise<number> {
  const stats = await Promise.all((await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(readStat));
  const children = stats.filter((field) => field?.(parentField) === pid);
  const head = (await readStat(pid)) ?? (() => 0);
  const ticks = [head, ...children].flatMap((field) => ownTimeFields.map((each) => field?.(each) ?? 0));
  return [...ticks, ...endedChildrenTimeFields.map(head)].reduce((sum, each) => sum + each, 0) / ticksPerSecond;
}

/** Watches a process from outside until `stop`. */
export class UsageWatch {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #peakRssMiB: number | undefined;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => void this.#look(), sampleMs);
    this.#timer.unref();
  }

  async read(): Promise<ProcessUsage> {
    await this.#look();
    return { peakRssMiB: this.#peakRssMiB, cpuSeconds: await readCpuSeconds(this.#pid) };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const rss = await readRssMiB(this.#pid);
    if (rss !== undefined) this.#peakRssMiB = Math.max(rss, this.#peakRssMiB ?? 0);
  }
}
