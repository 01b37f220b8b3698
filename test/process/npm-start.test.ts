import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { createDataDirectory, isRunning } from "../support/data-directory.ts";
import { startCommand } from "../support/hub-process.ts";

describe("npm start", function () {
  this.timeout(40_000);

  // A service manager, a script or a container that is told to stop knows npm's pid, and no other.
  it("hands a signal on to the hub, waits for it to finish, and leaves nothing running", async () => {
    await using directory = createDataDirectory();
    const environment = { HOOKYARD_DATA_DIR: directory.path, PORT: "0" };
    await using npm = await startCommand(["start"], { environment }, ["npm"]);
    const ready = await npm.logged((line) => line["unit"] === "start" && line["url"] !== undefined, 30);
    const postgres = await directory.postgresPid();
    npm.send("SIGTERM");
    assert.equal(await Promise.race([npm.ended, delay(15_000, "the hub runs on without npm", { ref: false })]), 0);
    assert.match(npm.stdout(), /"stopped"/);
    assert.equal(await isRunning(Number(ready["pid"])), false);
    assert.equal(await isRunning(postgres), false);
  });
});
