import assert from "node:assert/strict";
import { createAccessTokens } from "../../src/access/access-token.ts";
import { createAuthenticator } from "../../src/access/authenticate.ts";
import { bootstrap } from "../../src/access/bootstrap.ts";
import { createProject } from "../../src/access/create-project.ts";
import { defaultProjectId } from "../../src/access/default-project.ts";
import { revokeKey } from "../../src/access/revoke-key.ts";
import { signingKeysOf } from "../../src/access/signing-keys.ts";
import { createIdGenerator } from "../../src/lib/ids.ts";
import { openDatabase } from "../../src/platform/database.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { generateMasterKey, parseMasterKeys } from "../../src/platform/master-keys.ts";
import { Signals } from "../../src/platform/signals.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";
import { createTestDatabase } from "../support/test-database.ts";
import { adminKey } from "./test-api.ts";

function tokens() {
  const signingKeys = signingKeysOf(parseMasterKeys(generateMasterKey()));
  return createAccessTokens({ signingKeys, issuer: "hookyard", audience: "hookyard-api" });
}

describe("The first start", () => {
  let ctx: TestContext;
  beforeEach(async () => {
    ctx = await createTestContext();
  });
  afterEach(() => ctx[Symbol.asyncDispose]());

  const authenticatorFor = (key: string | undefined) =>
    createAuthenticator(ctx, { adminKey: key, accessTokens: tokens() });

  it("makes one owner key, even when several processes start at once, and none at the next start", async () => {
    const keys = await Promise.all([1, 2, 3, 4].map(() => bootstrap(ctx, undefined)));
    const made = keys.filter((key) => key !== undefined);
    assert.equal(made.length, 1);
    assert.equal(await bootstrap(ctx, undefined), undefined);
    const actor = await authenticatorFor(undefined).authenticate(made[0] ?? "");
    assert.deepEqual([actor?.projectId, actor?.role], [defaultProjectId, "owner"]);
  });

  it("makes none where HOOKYARD_ADMIN_KEY is set, which owns the default project", async () => {
    assert.equal(await bootstrap(ctx, adminKey), undefined);
    const actor = await authenticatorFor(adminKey).authenticate(adminKey);
    assert.deepEqual([actor?.projectId, actor?.role], [defaultProjectId, "owner"]);
    assert.equal(await authenticatorFor(undefined).authenticate(adminKey), undefined);
  });

  it("makes another one when no owner key lives any more", async () => {
    const first = await bootstrap(ctx, undefined);
    const actor = await authenticatorFor(undefined).authenticate(first ?? "");
    const asOwner = { ...ctx, actor: { ...ctx.actor, id: "bootstrap", projectId: defaultProjectId } };
    await revokeKey(asOwner, actor?.id ?? "");
    const second = await bootstrap(ctx, undefined);
    assert.ok(second !== undefined && second !== first);
  });
});

describe("A revocation", () => {
  it("reaches the other processes within a moment", async () => {
    const log = createLogger("silent");
    const database = await createTestDatabase();
    const db = openDatabase(database.connectionString, 4, log);
    await using ctx = await createTestContext();
    const [here, there] = [1, 2].map(() => new Signals(database.connectionString, log));
    assert.ok(here !== undefined && there !== undefined);
    await Promise.all([here.start(), there.start()]);
    try {
      const services = { ...ctx, db, signals: here, newId: createIdGenerator(ctx.clock) };
      const { id, ownerKey } = await createProject(services, "Two processes");
      const other = createAuthenticator({ ...services, signals: there }, { adminKey, accessTokens: tokens() });
      const actor = await other.authenticate(ownerKey);
      assert.ok(actor !== undefined);
      const asOwner = { ...services, actor: { ...ctx.actor, id: "bootstrap", projectId: id } };
      await revokeKey(asOwner, actor.id);
      const deadline = performance.now() + 2_000;
      while ((await other.authenticate(ownerKey)) !== undefined && performance.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(await other.authenticate(ownerKey), undefined);
    } finally {
      await Promise.all([here.stop(), there.stop()]);
      await db.close();
      await database.drop();
    }
  });
});
