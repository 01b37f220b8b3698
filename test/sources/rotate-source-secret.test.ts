import assert from "node:assert/strict";
import { fromWireId } from "../../src/lib/ids.ts";
import { parseInput } from "../../src/lib/parse-input.ts";
import { createSource } from "../../src/sources/create-source.ts";
import { rotateSourceSecret, sourceSecretRotation } from "../../src/sources/rotate-source-secret.ts";
import { openSourceSecret } from "../../src/sources/source-secret.ts";
import { selectLiveSourceSecrets } from "../../src/sources/store.ts";
import { auditLog, tablesWith, withoutAudit } from "../support/database-contents.ts";
import { invalidAt } from "../support/invalid-at.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";

describe("rotateSourceSecret", () => {
  let ctx: TestContext;
  before(async () => {
    ctx = await createTestContext();
  });
  after(() => ctx[Symbol.asyncDispose]());

  async function makeSource(...secrets: readonly string[]): Promise<string> {
    const source = await createSource(ctx, { name: "Rotated", provider: "github", secrets: [...secrets] });
    return fromWireId("source", source.id) as string;
  }

  async function liveSecrets(id: string): Promise<string[]> {
    const rows = await selectLiveSourceSecrets(ctx.db, [id], new Date(ctx.clock.now()));
    return rows.map((row) => openSourceSecret(ctx.secretBox, ctx.actor.projectId, row));
  }

  it("lets the previous secrets verify for a day beside the new one", async () => {
    const id = await makeSource("old one", "old two");
    const expiresAt = new Date(ctx.clock.now() + 86_400_000).toISOString();
    const source = await rotateSourceSecret(ctx, id, { secret: "the new one" });
    assert.deepEqual(
      source.liveSecrets.map((secret) => secret.expiresAt),
      [expiresAt, expiresAt, undefined],
    );
    assert.deepEqual(await tablesWith(ctx, "the new one"), []);
    ctx.clock.advanceBy(86_399);
    assert.deepEqual(await liveSecrets(id), ["old one", "old two", "the new one"]);
    ctx.clock.advanceBy(1);
    assert.deepEqual(await liveSecrets(id), ["the new one"]);
    assert.deepEqual((await auditLog(ctx)).at(-1), {
      action: "source.rotate",
      target: source.id,
      detail: { expiresPreviousInSeconds: 86_400 },
    });
  });

  it("ends the previous secrets at once when asked to, and forgets them", async () => {
    const id = await makeSource("leaked");
    await rotateSourceSecret(ctx, id, { secret: "fresh", expiresPreviousInSeconds: 0 });
    assert.deepEqual(await liveSecrets(id), ["fresh"]);
    const rows = await ctx.db.kysely
      .selectFrom("source_secrets")
      .select("expires_at")
      .where("source_id", "=", id)
      .execute();
    assert.deepEqual(rows, [{ expires_at: null }]);
  });

  it("never lets a secret live longer than it would have", async () => {
    const id = await makeSource("first");
    await rotateSourceSecret(ctx, id, { secret: "second", expiresPreviousInSeconds: 60 });
    await rotateSourceSecret(ctx, id, { secret: "third", expiresPreviousInSeconds: 3600 });
    ctx.clock.advanceBy(60);
    assert.deepEqual(await liveSecrets(id), ["second", "third"]);
  });

  it("keeps at most five live, also when rotations come at once", async () => {
    const id = await makeSource("1", "2", "3");
    const results = await Promise.allSettled(
      ["4", "5", "6", "7"].map((secret) => rotateSourceSecret(ctx, id, { secret })),
    );
    const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason.code] : []));
    assert.deepEqual(refused, ["too_many_secrets", "too_many_secrets"]);
    assert.equal((await liveSecrets(id)).length, 5);
    const source = await rotateSourceSecret(ctx, id, { secret: "8", expiresPreviousInSeconds: 0 });
    assert.equal(source.liveSecrets.length, 1);
  });

  it("refuses a secret that does not fit the scheme, under its path", async () => {
    const source = await createSource(ctx, { name: "S", provider: "svix", secrets: [`whsec_${"A".repeat(32)}`] });
    const id = fromWireId("source", source.id) as string;
    await assert.rejects(rotateSourceSecret(ctx, id, { secret: "whsec_?" }), invalidAt("secret"));
    for (const bad of [{}, { secret: "" }, { secret: "x", expiresPreviousInSeconds: -1 }, { secret: "x", name: "x" }])
      assert.throws(() => parseInput(sourceSecretRotation, bad), { status: 422 });
  });

  it("rejects a read-only actor, another project's source, and a rotation without its audit row", async () => {
    const id = await makeSource("kept");
    await assert.rejects(rotateSourceSecret(ctx.as("viewer"), id, { secret: "x" }), { status: 403 });
    await assert.rejects(rotateSourceSecret(ctx.as("operator"), id, { secret: "x" }), { status: 403 });
    await assert.rejects(rotateSourceSecret(await ctx.inAnotherProject(), id, { secret: "x" }), { status: 404 });
    await assert.rejects(rotateSourceSecret(withoutAudit(ctx), id, { secret: "x", expiresPreviousInSeconds: 0 }));
    assert.deepEqual(await liveSecrets(id), ["kept"]);
  });
});
