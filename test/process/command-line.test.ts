import assert from "node:assert/strict";
import { runCommand } from "../support/hub-process.ts";

describe("the command line", () => {
  for (const args of [[], ["help"], ["--help"], ["serve", "--help"], ["project", "-h"]])
    it(`shows its usage for "${args.join(" ")}"`, async () => {
      const { exit, stdout, stderr } = await runCommand(args);
      assert.equal(exit, 0);
      assert.match(stdout, /^Usage: hookyard <command>\n/);
      for (const command of ["serve", "migrate up\\|down", "project create NAME"])
        assert.match(stdout, new RegExp(command));
      assert.equal(stderr, "");
    });
});
