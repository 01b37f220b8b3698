import assert from "node:assert/strict";
import { fromWireId } from "../../src/lib/ids.ts";
import { completeHandshake } from "../../src/sources/complete-handshake.ts";
import { compileProvider } from "../../src/sources/compile-scheme.ts";
import { SubscriptionConfirmer } from "../../src/sources/confirm-subscription.ts";
import { createSource } from "../../src/sources/create-source.ts";
import { deleteSource } from "../../src/sources/delete-source.ts";
import { getSource } from "../../src/sources/get-source.ts";
import { keepHandshakeSecret } from "../../src/sources/keep-handshake-secret.ts";
import { providers } from "../../src/sources/providers/catalogue.ts";
import { openSourceSecret } from "../../src/sources/source-secret.ts";
import { selectLiveSourceSecrets } from "../../src/sources/store.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";

const first = "b537207f20cbfa02357cf448134da559";
const second = "e8bd39d61597dcd5631b8012eae53e81";

describe("a secret that a provider hands over", () => {
  let ctx: TestContext;
  before(async () => {
    ctx = await createTestContext();
  });
  after(async () => {
    await ctx[Symbol.asyncDispose]();
  });

  async function newSource(provider: string, secrets: string[] = []) {
    const source = await createSource(ctx, { name: "Ours", provider, secrets });
    const id = fromWireId("source", source.id);
    const known = providers.get(provider);
    const scheme = known && compileProvider(known);
    assert.ok(id !== undefined && scheme !== undefined);
    const stored = async () =>
      (await selectLiveSourceSecrets(ctx.db, [id], new Date(ctx.clock.now()))).map((row) =>
        openSourceSecret(ctx.secretBox, ctx.actor.projectId, row),
      );
    return { id, projectId: ctx.actor.projectId, scheme, stored };
  }

  it("is kept, sealed and audited, and the source's view does not show it", async () => {
    const source = await newSource("asana");
    assert.equal(await keepHandshakeSecret(ctx, source, first), true);
    assert.deepEqual(await source.stored(), [first]);
    const view = await getSource(ctx, source.id);
    assert.equal(view.liveSecrets.length, 1);
    assert.ok(!JSON.stringify(view).includes(first));
    const audit = await ctx.db.kysely
      .selectFrom("audit_log")
      .selectAll()
      .where("action", "=", "source.keep_secret")
      .execute();
    assert.deepEqual(
      audit.map(({ actor_kind }) => actor_kind),
      ["system"],
    );
    assert.ok(!JSON.stringify(audit).includes(first));
  });

  it("is never replaced: another one is refused, the same one answered again", async () => {
    const source = await newSource("notion");
    assert.equal(await keepHandshakeSecret(ctx, source, first), true);
    assert.equal(await keepHandshakeSecret(ctx, source, second), false);
    assert.equal(await keepHandshakeSecret(ctx, source, first), true);
    assert.deepEqual(await source.stored(), [first]);
  });

  it("is not taken by a source that was given one", async () => {
    const source = await newSource("notion", [first]);
    assert.equal(await keepHandshakeSecret(ctx, source, second), false);
    assert.deepEqual(await source.stored(), [first]);
  });

  it("of several at once, one is kept and the others are refused", async () => {
    const source = await newSource("asana");
    const secrets = Array.from({ length: 8 }, (_, index) => `${index}${first}`);
    const kept = await Promise.all(secrets.map((secret) => keepHandshakeSecret(ctx, source, secret)));
    assert.equal(kept.filter((was) => was).length, 1);
    assert.deepEqual(await source.stored(), [secrets[kept.indexOf(true)]]);
  });

  it("is refused when no secret could be that, and when there is no such source any more", async () => {
    const source = await newSource("asana");
    for (const text of ["", "a\u0000b", "x".repeat(4097)])
      assert.equal(await keepHandshakeSecret(ctx, source, text), false);
    await deleteSource(ctx, source.id);
    assert.equal(await keepHandshakeSecret(ctx, source, first), false);
  });

  it("ends the handshake with 401 when it is refused", async () => {
    const source = await newSource("asana");
    const confirmer = new SubscriptionConfirmer(ctx);
    const ask = (secret: string) =>
      completeHandshake(ctx, confirmer, source, { status: 200, contentType: "text/plain", body: "", secret });
    assert.equal(await ask(first), undefined);
    assert.deepEqual(await ask(second), { ok: false, reason: "secret_already_known", status: 401 });
  });
});
