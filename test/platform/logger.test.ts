import assert from "node:assert/strict";
import { createLogger, type Logger } from "../../src/platform/logger.ts";

function capture(level = "trace"): { readonly log: Logger; readonly lines: () => Record<string, unknown>[] } {
  const lines: string[] = [];
  const log = createLogger(level, { write: (line) => void lines.push(line) });
  return { log, lines: () => lines.map((line) => JSON.parse(line)) };
}

describe("the log", () => {
  it("is a JSON line with level, time and message, and neither the machine's name nor a version", () => {
    const { log, lines } = capture();
    log.info({ unit: "inbound", status: 200 }, "inbound");
    const [{ time, ...line } = {}] = lines();
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(line, { level: "info", unit: "inbound", status: 200, msg: "inbound" });
  });

  it("drops a field that is not on its list, whatever it holds", () => {
    const { log, lines } = capture();
    const request = {
      headers: { authorization: "Bearer hky_secret" },
      body: "a payload",
      secret: "whsec_x",
      password: "y",
    };
    log.warn({ unit: "api", ...request, request, constructor: "z" }, "request");
    for (const line of lines()) {
      assert.deepEqual(Object.keys(line).toSorted(), ["level", "msg", "time", "unit"]);
      assert.doesNotMatch(JSON.stringify(line), /secret|payload|whsec|"y"|"z"/);
    }
  });

  it("keeps of an error its name, message, code, stack and causes, and nothing else that hangs on it", () => {
    const { log, lines } = capture();
    const cause = Object.assign(new TypeError("underneath"), { detail: "Key (id)=(secret) exists", code: "23505" });
    log.error({ err: Object.assign(new Error("above", { cause }), { config: { headers: "secret" } }) }, "failed");
    const [line] = lines() as { err: Record<string, unknown> & { cause: Record<string, unknown> } }[];
    assert.deepEqual(Object.keys(line?.err ?? {}).toSorted(), ["cause", "message", "stack", "type"]);
    assert.deepEqual([line?.err["type"], line?.err["message"]], ["Error", "above"]);
    const { stack, ...rest } = line?.err.cause ?? {};
    assert.match(String(stack), /underneath\n {4}at /);
    assert.deepEqual(rest, { type: "TypeError", message: "underneath", code: "23505" });
    assert.doesNotMatch(JSON.stringify(line), /secret/);
  });

  it("gets through an error that is its own cause, and through what is no error", () => {
    const { log, lines } = capture();
    const circular = new Error("round and round");
    circular.cause = circular;
    log.error({ err: circular }, "failed");
    log.error({ err: "just a text" }, "failed");
    assert.equal(lines().length, 2);
    assert.deepEqual(lines()[1]?.["err"], { message: "just a text" });
  });

  it("leaves out what is below its level", () => {
    const { log, lines } = capture("warn");
    log.info({ unit: "api" }, "request");
    log.warn({ unit: "api" }, "warning");
    assert.deepEqual(
      lines().map((line) => line["level"]),
      ["warn"],
    );
  });
});
