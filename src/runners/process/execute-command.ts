import type { ChildCommandProcess, ChildEnd } from "./child-process.ts";
import { LineSplitter } from "./line-splitter.ts";
import type { OutputReader } from "./output-reader.ts";
import type { SessionLog } from "./session-log.ts";

/** Which limit a command was killed for. */
export type Broken = "output_limit" | "time_limit";

/** How a command ended, and whether it was killed for what it did. */
export interface Execution {
  readonly end: ChildEnd;
  readonly broken: Broken | undefined;
}

/** Reads both outputs of a command until it and all that it has started are gone; kills it past its limits, or on `signal`. */
export async function executeCommand(
  child: ChildCommandProcess,
  { reader, log }: { readonly reader: OutputReader; readonly log: SessionLog },
  limits: { readonly lineBytes: number; readonly outputBytes: number; readonly seconds: number | undefined },
  signal: AbortSignal,
): Promise<Execution> {
  let broken: Broken | undefined;
  const breakOff = (why: Broken): void => {
    broken ??= why;
    child.kill();
  };
  const kill = (): void => child.kill();
  if (signal.aborted) kill();
  signal.addEventListener("abort", kill);
  const limit =
    limits.seconds === undefined ? undefined : setTimeout(() => breakOff("time_limit"), limits.seconds * 1000);
  const splitter = new LineSplitter(limits.lineBytes, {
    line: (text) => reader.readLine(text),
    tooLong: () => reader.skipLine(),
  });
  let bytes = 0;
  const isWithin = (chunk: Buffer): boolean => {
    bytes += chunk.length;
    if (bytes > limits.outputBytes) breakOff("output_limit");
    return bytes <= limits.outputBytes;
  };
  const { stdout, stderr } = child;
  stdout?.on("data", (chunk: Buffer) => {
    if (isWithin(chunk)) splitter.write(chunk);
    const { full } = log;
    if (full === undefined) return;
    stdout.pause();
    void full.then(() => stdout.resume());
  });
  stderr?.on("data", (chunk: Buffer) => {
    if (isWithin(chunk)) reader.readErrors(chunk);
  });
  const end = await child.ended;
  if (broken === undefined) splitter.end();
  clearTimeout(limit);
  signal.removeEventListener("abort", kill);
  return { end, broken };
}
