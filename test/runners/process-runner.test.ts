import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tracesOf } from "../../src/runners/process/left-behind.ts";
import { eventually } from "../support/eventually.ts";
import { programsDirectory, recorded, type RunnerHub, startRunnerHub, stubCommand } from "./runner-hub.ts";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const running = (command: string) => ({ type: "process", command });

describe("the process runner", () => {
  let runner: RunnerHub;
  before(async () => {
    process.env["HOOKYARD_TEST_SECRET"] = "must not be seen";
    process.env["HOOKYARD_TEST_PASSED"] = "may be seen";
    runner = await startRunnerHub(
      {
        python: {
          command: "python3",
          args: ["report_agent.py", "--session={session_id}", "--task={task}", "--model={model}"],
          cwd: programsDirectory,
        },
        claude: stubCommand("replay", { adapter: "claude" }, recorded("claude")),
        "claude-turns": stubCommand("replay", { adapter: "claude" }, recorded("claude-max-turns")),
        "claude-crash": stubCommand("replay-then-crash", { adapter: "claude" }, recorded("claude")),
        "claude-early": stubCommand("early-exit", { adapter: "claude" }),
        codex: stubCommand("replay", { adapter: "codex" }, recorded("codex")),
        "codex-failed": stubCommand("replay", { adapter: "codex" }, recorded("codex-failed")),
        "codex-crash": stubCommand("replay-then-crash", { adapter: "codex" }, recorded("codex")),
        arguments: stubCommand(
          "arguments",
          { env: ["HOOKYARD_TEST_PASSED"] },
          "--task={task}",
          "{session_id}",
          "{parameters}",
        ),
        large: {
          ...stubCommand("arguments", {}, "--task={task}"),
          largeArgs: [join(programsDirectory, "stub-agent.ts"), "arguments", "--file={task_file}"],
        },
        model: stubCommand("arguments", {}, "{model}"),
        stdin: stubCommand("stdin"),
        prompt: stubCommand("stdin", { stdin: "text" }),
        absent: { command: "/no/such/program" },
        ...Object.fromEntries(
          ["text", "hang", "leave-behind", "flood", "flood-stderr", "long-line", "bad-json", "bad-utf8"].map((mode) => [
            mode,
            stubCommand(mode),
          ]),
        ),
        ...Object.fromEntries(
          ["odd-values", "crash", "early-exit", "result-then-crash", "ignore-sigterm"].map((mode) => [
            mode,
            stubCommand(mode),
          ]),
        ),
        events: stubCommand("events", {}, "300"),
        error: stubCommand("error", {}, "false"),
        ask: {
          ...stubCommand("ask"),
          resumeArgs: [join(programsDirectory, "stub-agent.ts"), "ask", "--resume={agent_session_id}"],
        },
        "ask-badly": stubCommand("ask-badly"),
        slow: stubCommand("hang", { timeoutSeconds: 1 }),
      },
      { lineLimitBytes: 100_000, outputLimitBytes: 4_000_000, maxEvents: 100 },
    );
  });
  after(() => runner[Symbol.asyncDispose]());

  it("runs a Python script once for each task, with a session that it keeps notes in", async () => {
    const agent = await runner.agent(running("python"), { model: "gpt-x" });
    const task = await runner.run(agent, { input: "Write 'a report' --now; $(rm -rf /) `x` && {model} $&" });
    assert.equal(task.state, "completed", JSON.stringify(task.error));
    assert.deepEqual(task.result, {
      task: "Write 'a report' --now; $(rm -rf /) `x` && {model} $&",
      model: "gpt-x",
      status: "running",
      trust: "untrusted",
      notes: 1,
    });
    assert.deepEqual(task.usage, {
      input_tokens: 11,
      inputTokens: 11,
      output_tokens: 7,
      outputTokens: 7,
      cost_usd: 0.001,
      costUsd: 0.001,
    });
    assert.deepEqual(task.progress, { percent: 50 });
    assert.deepEqual(
      (await runner.events(task.id)).map(({ type }) => type),
      ["session", "progress", "artifact", "artifact", "artifact_refused", "usage", "result"],
    );
    const [artifact, ...others] = task.artifacts;
    assert.deepEqual([artifact.name, artifact.contentType, others.length], ["report.md", "text/markdown", 0]);
    const stored = await runner.hub.test.call("GET", `/api/v1/artifacts/${artifact.id}/content`);
    assert.match(String(stored.body), /^# Write 'a report'/);
    const project = join(runner.directory, runner.hub.test.projectId);
    const session = join(project, task.id);
    const description = JSON.parse(await readFile(join(session, "SESSION.json"), "utf8"));
    assert.deepEqual(
      [description.status, description.exit_code, description.agent_session_id, description.task_id],
      ["completed", 0, `py-${task.id}`, task.id],
    );
    const lines = (await readFile(join(session, "EVENTS.jsonl"), "utf8")).trim().split("\n");
    assert.deepEqual(JSON.parse(lines[1] ?? "").data, { type: "progress", percent: 50 });
    assert.deepEqual(await readdir(join(session, "workers", "notes")), [`${task.id}.md`]);
  });

  it("reads what Claude Code writes", async () => {
    const task = await runner.run(await runner.agent(running("claude")));
    assert.deepEqual([task.state, task.result], ["completed", { text: "The file exports one constant." }]);
    assert.deepEqual(task.usage, {
      inputTokens: 24_508,
      cachedInputTokens: 23_200,
      outputTokens: 37,
      costUsd: 0.0123,
      durationMs: 5123,
      turns: 2,
    });
    assert.deepEqual(
      (await runner.events(task.id)).map(({ type }) => type),
      ["system.init", "assistant", "user", "assistant", "result"],
    );
  });

  it("reads what Codex writes: the last message is the result, and turns add up", async () => {
    const task = await runner.run(await runner.agent(running("codex")));
    assert.deepEqual([task.state, task.result], ["completed", { text: "Done: docs and src." }]);
    assert.deepEqual(task.usage, { inputTokens: 24_863, cachedInputTokens: 24_448, outputTokens: 130 });
  });

  for (const [command, code, message] of [
    ["claude-turns", "error_max_turns", /error_max_turns/],
    ["claude-crash", "exit_3", /exit code 3/],
    ["claude-early", "no_result", /without a result/],
    ["codex-failed", "turn_failed", /stream disconnected/],
    ["codex-crash", "exit_3", /exit code 3/],
    ["crash", "exit_7", /It said: It is all wrong/],
    ["result-then-crash", "exit_1", /exit code 1/],
    ["error", "no_repo", /no repository/],
    ["absent", "cannot_start", /ENOENT/],
    ["flood", "output_limit", /more than it may/],
    ["flood-stderr", "output_limit", /more than it may/],
    ["slow", "timeout", /longer than it may/],
    ["ask-badly", "bad_question", /schema/],
  ] as const)
    it(`fails a task whose command ends like ${command}`, async () => {
      const task = await runner.run(await runner.agent(running(command)));
      assert.deepEqual([task.state, task.error.code], ["failed", code]);
      assert.match(task.error.message, message);
    });

  for (const [command, result] of [
    ["text", { text: "Just text,\nin two lines." }],
    ["early-exit", { text: "" }],
    ["long-line", "after the long line"],
    ["bad-json", "after bad lines"],
    ["bad-utf8", "a\ufffd(b"],
    ["odd-values", "\u0000\ud800"],
    ["events", "after many events"],
  ] as const)
    it(`completes a task whose command writes ${command}`, async () => {
      const task = await runner.run(await runner.agent(running(command)));
      assert.deepEqual([task.state, task.result], ["completed", result]);
      if (command === "events") assert.equal((await runner.events(task.id)).length, 101);
      if (command === "long-line") assert.equal((await runner.events(task.id))[0]?.type, "line_too_long");
    });

  it("passes arguments as they are, an environment by allow-list, and nothing through a shell", async () => {
    const input = `-rf "quoted" 'single' $HOME \`id\` ; | & > < * ? {session_id} \\ \u{1f600}\n--flag`;
    const { result, id } = await runner.run(await runner.agent(running("arguments")), { input, parameters: { a: 1 } });
    assert.deepEqual(result.args, [`--task=${input}`, id, '{"a":1}']);
    assert.equal(result.env.HOOKYARD_TEST_SECRET, undefined);
    assert.equal(result.env.HOOKYARD_TEST_PASSED, "may be seen");
    assert.equal(result.env.HOOKYARD_TASK_ID, id);
    assert.equal(result.env.DATABASE_URL ?? result.env.TEST_DATABASE_URL, undefined);
    assert.equal(result.cwd, result.env.HOOKYARD_SESSION_DIR);
  });

  it("gives a task that is too large for an argument as a file, where the command is set up for it", async () => {
    const input = "ä".repeat(200_000);
    const { result } = await runner.run(await runner.agent(running("large")), { input });
    const file = String(result.args[0]).replace("--file=", "");
    assert.equal(JSON.parse(await readFile(file, "utf8")).task.input, input);
    const small = await runner.run(await runner.agent(running("large")), { input: "small" });
    assert.deepEqual(small.result.args, ["--task=small"]);
    const failed = await runner.run(await runner.agent(running("arguments")), { input });
    assert.deepEqual([failed.state, failed.error.code], ["failed", "argument_too_large"]);
    const { result: read } = await runner.run(await runner.agent(running("stdin")), { input });
    assert.ok(read.bytes > 400_000);
  });

  it("gives the text of the task on standard input, for those that read it there", async () => {
    const agent = await runner.agent(running("prompt"), { instructions: "Be brief." });
    assert.equal((await runner.run(agent, { input: "Do it" })).result.text, "Be brief.\n\nDo it");
  });

  it("starts nothing for NUL in an argument, or a model that would be an option", async () => {
    const nul = await runner.run(await runner.agent(running("arguments")), { input: "a\u0000b" });
    assert.deepEqual([nul.state, nul.error.code], ["failed", "argument_invalid"]);
    const option = await runner.run(await runner.agent(running("model"), { model: "--version" }));
    assert.deepEqual([option.state, option.error.code], ["failed", "argument_invalid"]);
  });

  it("has a person answer a command's question, and runs it again in the same session", async () => {
    const agent = await runner.agent(running("ask"));
    const { id, request } = await runner.run(agent, {}, ({ state }) => state === "input_required");
    assert.equal(request.prompt, "Which one?");
    const answer = (data: unknown) => runner.hub.test.call("POST", `/api/v1/tasks/${id}/input`, { data });
    assert.equal((await answer("c")).status, 422);
    assert.equal((await answer("b")).status, 202);
    const task = await runner.until(id, ({ settledAt }) => settledAt !== undefined);
    assert.deepEqual(task.result, { answers: 1, chosen: "b", args: ["--resume=mine-1"] });
  });

  it("refuses an agent whose command is not on the list", async () => {
    for (const command of ["sh", "__proto__", "constructor", "../python"]) {
      const answer = await runner.hub.test.call("POST", "/api/v1/agents", { name: "x", runner: running(command) });
      assert.deepEqual([answer.status, answer.body.errors?.[0]?.path], [422, "runner.command"]);
    }
  });

  it("kills the command and all that it has started when its task is canceled", async () => {
    const agent = await runner.agent(running("ignore-sigterm"));
    const { id, progress } = await runner.run(agent, {}, (task) => task.progress !== undefined);
    const pids: readonly number[] = progress.pids;
    assert.ok(pids.every(isAlive));
    assert.equal((await runner.hub.test.call("POST", `/api/v1/tasks/${id}/cancel`)).status, 200);
    await eventually(async () => assert.ok(!pids.some(isAlive)));
    assert.equal((await runner.hub.read(id)).state, "canceled");
  });

  it("leaves nothing running that a command has left behind", async () => {
    const task = await runner.run(await runner.agent(running("leave-behind")));
    assert.equal(task.state, "completed");
    // Killed by then, and gone as soon as the system has buried it.
    await eventually(async () => assert.ok(!isAlive(task.result.pid)));
  });

  it("kills what an attempt left running whose hub was killed, and follows no link that a command has laid", async () => {
    const agent = await runner.agent(running("text"));
    const startAfter = new Date(runner.hub.test.clock.now() + 600_000).toISOString();
    const id = await runner.hub.task(agent, { startAfter });
    const session = join(runner.directory, runner.hub.test.projectId, id);
    await mkdir(session, { recursive: true });
    const orphan = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true });
    const [pid, ended] = [orphan.pid ?? 0, once(orphan, "exit")];
    const traces = await tracesOf(pid);
    await writeFile(join(session, "SESSION.json"), JSON.stringify({ status: "running", task_id: id, ...traces }));
    const outside = join(runner.directory, "outside");
    await symlink(outside, join(session, "EVENTS.jsonl"));
    await runner.hub.pass(601);
    const task = await runner.until(id, ({ settledAt }) => settledAt !== undefined);
    assert.deepEqual([task.state, task.error.code], ["failed", "runner_error"]);
    await assert.rejects(stat(outside), { code: "ENOENT" });
    await rm(join(session, "EVENTS.jsonl"));
    await runner.hub.test.call("POST", `/api/v1/tasks/${id}/retry`);
    assert.equal((await runner.until(id, ({ state }) => state === "completed")).attemptCount, 2);
    assert.equal((await ended)[1], "SIGKILL");
  });

  it("kills a command whose lease was lost, and changes nothing any more", async () => {
    const agent = await runner.agent(running("hang"));
    const { id, progress } = await runner.run(agent, {}, (task) => task.progress !== undefined);
    await runner.hub.test.hub.services.db.query(
      { text: "UPDATE tasks SET lease_hash = 'other' WHERE agent_id = (SELECT id FROM agents WHERE name = $1)" },
      [agent],
    );
    await eventually(async () => assert.ok(!isAlive(progress.pid)));
    assert.equal((await runner.hub.read(id)).state, "working");
    await runner.hub.test.call("POST", `/api/v1/tasks/${id}/cancel`);
  });

  it("kills a command whose attempt has run out of time, and the task fails for that reason", async () => {
    const agent = await runner.agent(running("hang"), { limits: { timeoutSeconds: 2 } });
    const { id, progress } = await runner.run(agent, {}, (task) => task.progress !== undefined);
    const task = await runner.until(id, ({ settledAt }) => settledAt !== undefined);
    assert.deepEqual([task.state, task.reason], ["failed", "timeout"]);
    assert.ok(!isAlive(progress.pid));
  });
});
