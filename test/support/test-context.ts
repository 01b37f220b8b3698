import type { AgentScope } from "../../src/access/actor.ts";
import type { Context } from "../../src/access/context.ts";
import type { Role } from "../../src/access/roles.ts";
import { insertProject } from "../../src/access/store.ts";
import { deadTaskQueue } from "../../src/agents/agent-queue.ts";
import { createIdGenerator } from "../../src/lib/ids.ts";
import { openArtifactContents } from "../../src/platform/artifact-contents.ts";
import { loadConfig } from "../../src/platform/config.ts";
import { openDatabase } from "../../src/platform/database.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { generateMasterKey, parseMasterKeys } from "../../src/platform/master-keys.ts";
import { originKeysOf } from "../../src/platform/origin-keys.ts";
import { createMetrics } from "../../src/platform/metrics.ts";
import { Queue } from "../../src/platform/queue.ts";
import { createSecretBox } from "../../src/platform/secret-box.ts";
import { Signals } from "../../src/platform/signals.ts";
import { loopbackOutbound } from "./outbound.ts";
import { TestClock } from "./test-clock.ts";
import { createTestDatabase } from "./test-database.ts";

/** An owner's context in a project of its own, on a database of its own, with services that are all real. */
export interface TestContext extends Context, AsyncDisposable {
  readonly clock: TestClock;
  /** The same project for a credential with another role. */
  as(role: Role): Context;
  /** An owner's context in a further project of the same database. */
  inAnotherProject(): Promise<Context>;
}

/** Makes a context; dispose of it when the tests are through. Nothing listens for signals of other processes. */
export async function createTestContext(): Promise<TestContext> {
  const log = createLogger("silent");
  const database = await createTestDatabase();
  const clock = new TestClock();
  const newId = createIdGenerator(clock);
  const db = openDatabase(database.connectionString, 4, log);
  const queue = new Queue(database.connectionString, log, { supervise: false });
  await queue.start();
  await queue.ensure(deadTaskQueue);
  const outbound = loopbackOutbound();
  const masterKeys = parseMasterKeys(generateMasterKey());
  const services = {
    db,
    queue,
    clock,
    newId,
    outbound,
    log,
    signals: new Signals(database.connectionString, log),
    secretBox: createSecretBox(masterKeys),
    originKeys: originKeysOf(masterKeys),
    contents: openArtifactContents(loadConfig({}), clock),
    settings: loadConfig({}),
    metrics: createMetrics(),
    publicUrl: () => "https://hub.example",
  };
  const agents: AgentScope = "all";
  const contextOf = (projectId: string, role: Role): Context => ({
    ...services,
    actor: { kind: "key", id: newId(), name: `A ${role}`, projectId, role, agents },
  });
  const makeProject = async (): Promise<string> => {
    const id = newId();
    await insertProject(db, id, "Test", new Date(clock.now()));
    return id;
  };
  const projectId = await makeProject();
  return {
    ...contextOf(projectId, "owner"),
    clock,
    as: (role) => contextOf(projectId, role),
    inAnotherProject: async () => contextOf(await makeProject(), "owner"),
    async [Symbol.asyncDispose]() {
      await queue.stop();
      await outbound.close();
      await db.close();
      await database.drop();
    },
  };
}
