// Stands for a coding agent's command: does what its first argument says. Plain statements, for it is run as a program.
import { spawn } from "node:child_process";
import { createReadStream, readFileSync } from "node:fs";

const [mode = "", ...rest] = process.argv.slice(2);

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function stay(): void {
  setInterval(() => undefined, 1_000);
}

const modes: Readonly<Record<string, () => void>> = {
  replay: () => void createReadStream(rest[0] ?? "").pipe(process.stdout),
  "replay-then-crash": () => {
    process.stdout.write(
      readFileSync(rest[0] ?? "", "utf8")
        .split("\n")
        .slice(0, 2)
        .join("\n"),
      () => process.exit(3),
    );
  },
  arguments: () => say({ type: "result", result: { args: rest, env: process.env, cwd: process.cwd() } }),
  stdin: () => {
    let text = "";
    process.stdin
      .on("data", (chunk) => (text += String(chunk)))
      .on("end", () => {
        say({ type: "result", result: { text: text.slice(0, 1_000), bytes: Buffer.byteLength(text) } });
      });
  },
  text: () => process.stdout.write("Just text,\nin two lines.\n"),
  hang: () => {
    say({ type: "progress", pid: process.pid });
    stay();
  },
  "ignore-sigterm": () => {
    process.on("SIGTERM", () => undefined);
    const child = spawn(process.execPath, ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], {
      stdio: "inherit",
    });
    say({ type: "progress", pids: [process.pid, child.pid] });
    stay();
  },
  "leave-behind": () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
    child.unref();
    say({ type: "result", result: { pid: child.pid } });
  },
  flood: () => {
    const line = `${JSON.stringify({ type: "noise", text: "x".repeat(1_000) })}\n`.repeat(64);
    const more = (): void => void process.stdout.write(line, more);
    more();
  },
  "flood-stderr": () => {
    const more = (): void => void process.stderr.write("x".repeat(65_536), more);
    more();
  },
  "long-line": () => {
    process.stdout.write(`{"type":"noise","text":"${"x".repeat(2_000_000)}"}\n`);
    say({ type: "result", result: "after the long line" });
  },
  events: () => {
    for (let count = 0; count < Number(rest[0]); count += 1) say({ type: "step", count });
    say({ type: "result", result: "after many events" });
  },
  "bad-json": () => {
    process.stdout.write('{"type":"result","result":\n[1,2]\n"text"\nnull\n{"type":7}\n');
    process.stdout.write(`{"type":"deep","data":${"[".repeat(100_000)}\n`);
    say({ type: "result", result: "after bad lines" });
  },
  "bad-utf8": () => {
    process.stdout.write(Buffer.from([0xff, 0xfe, 0x0a]));
    process.stdout.write(
      Buffer.concat([Buffer.from('{"type":"result","result":"a'), Buffer.from([0xc3, 0x28]), Buffer.from('b"}\n')]),
    );
  },
  "odd-values": () =>
    process.stdout.write('{"type":"a\\u0000b\\ud800","x":"\\u0000"}\n{"type":"result","result":"\\u0000\\ud800"}\n'),
  crash: () => {
    process.stderr.write("It is all wrong\n");
    process.exitCode = 7;
  },
  "early-exit": () => process.exit(0),
  "result-then-crash": () => {
    say({ type: "result", result: 1 });
    process.exitCode = 1;
  },
  ask: () => {
    let text = "";
    process.stdin
      .on("data", (chunk) => (text += String(chunk)))
      .on("end", () => {
        const { answers } = JSON.parse(text).task;
        say({ type: "session", session_id: "mine-1" });
        if (answers === undefined) say({ type: "input_required", prompt: "Which one?", schema: { enum: ["a", "b"] } });
        else say({ type: "result", result: { answers: answers.length, chosen: answers[0].data, args: rest } });
      });
  },
  "ask-badly": () => say({ type: "input_required", prompt: "?", schema: { type: "nothing" } }),
  error: () =>
    say({
      type: "error",
      error: { code: "no_repo", message: "There is no repository", retryable: rest[0] === "true" },
    }),
};

modes[mode]?.();
