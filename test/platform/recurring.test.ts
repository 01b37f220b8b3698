import assert from "node:assert/strict";
import { createLogger } from "../../src/platform/logger.ts";
import { startRecurring } from "../../src/platform/recurring.ts";

const log = createLogger("silent");

describe("Recurring work", () => {
  it("repeats, also after it has failed", async () => {
    let times = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const recurring = startRecurring(
      "work",
      0.001,
      () => {
        times += 1;
        if (times === 5) resolve();
        return times % 2 === 0 ? Promise.resolve() : Promise.reject(new Error("no"));
      },
      log,
    );
    await promise;
    await recurring.stop();
    const stopped = times;
    await new Promise((done) => setTimeout(done, 20));
    assert.equal(times, stopped);
  });

  it("is never done twice at once, and when asked for is done after what is under way", async () => {
    let underWay = 0;
    let times = 0;
    const gate = Promise.withResolvers<void>();
    const recurring = startRecurring(
      "work",
      3_600,
      async () => {
        assert.equal((underWay += 1), 1);
        await gate.promise;
        times += 1;
        underWay -= 1;
      },
      log,
    );
    // What is due before the second call may have been passed by when the first looked.
    const runs = [recurring.run(), recurring.run()];
    gate.resolve();
    await runs[0];
    assert.equal(times, 1);
    await runs[1];
    assert.equal(times, 2);
    await recurring.stop();
  });

  it("tells whoever asked for it of its failure", async () => {
    const recurring = startRecurring("work", 3_600, () => Promise.reject(new Error("no")), log);
    await assert.rejects(recurring.run(), /no/);
    await recurring.stop();
  });

  it("has ended when its stop has", async () => {
    const gate = Promise.withResolvers<void>();
    let isDone = false;
    const recurring = startRecurring(
      "work",
      3_600,
      async () => {
        await gate.promise;
        isDone = true;
      },
      log,
    );
    const run = recurring.run();
    const stop = recurring.stop();
    gate.resolve();
    await stop;
    assert.equal(isDone, true);
    await run;
  });
});
