import assert from "node:assert/strict";
import { createEndpoint } from "../../src/endpoints/create-endpoint.ts";
import { createEndpointCache, liveSecrets } from "../../src/endpoints/endpoint-cache.ts";
import { endpointSecretRotation, rotateEndpointSecret } from "../../src/endpoints/rotate-endpoint-secret.ts";
import { fromWireId } from "../../src/lib/ids.ts";
import { parseInput } from "../../src/lib/parse-input.ts";
import { auditLog, tablesWith, withoutAudit } from "../support/database-contents.ts";
import { invalidAt } from "../support/invalid-at.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";

const ownSecret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

describe("rotateEndpointSecret", () => {
  let ctx: TestContext;
  before(async () => {
    ctx = await createTestContext();
  });
  after(() => ctx[Symbol.asyncDispose]());

  async function makeEndpoint(): Promise<{ readonly id: string; readonly secret: string }> {
    const { id, secret } = await createEndpoint(ctx, { url: "https://receiver.example/" });
    return { id: fromWireId("endpoint", id) as string, secret: secret as string };
  }

  /** What the pump would sign with now, newest first. */
  async function signingWith(id: string): Promise<string[]> {
    const endpoint = await createEndpointCache(ctx).get(ctx.db, id);
    return endpoint === undefined ? [] : liveSecrets(endpoint, ctx.clock.now());
  }

  it("shows the new secret once and signs with the previous one too for a day", async () => {
    const { id, secret } = await makeEndpoint();
    const rotated = await rotateEndpointSecret(ctx, id, {});
    assert.match(rotated.secret ?? "", /^whsec_/);
    assert.notEqual(rotated.secret, secret);
    assert.deepEqual(await tablesWith(ctx, (rotated.secret as string).slice(6)), []);
    ctx.clock.advanceBy(86_399);
    assert.deepEqual(await signingWith(id), [rotated.secret, secret]);
    ctx.clock.advanceBy(1);
    assert.deepEqual(await signingWith(id), [rotated.secret]);
    assert.deepEqual((await auditLog(ctx)).at(-1), {
      action: "endpoint.rotate",
      target: rotated.id,
      detail: { kind: "hmac", expiresPreviousInSeconds: 86_400 },
    });
  });

  it("takes a secret that the caller brings, and ends the previous one at once when asked to", async () => {
    const { id } = await makeEndpoint();
    const rotation = parseInput(endpointSecretRotation, { secret: ownSecret, expiresPreviousInSeconds: 0 });
    assert.equal((await rotateEndpointSecret(ctx, id, rotation)).secret, ownSecret);
    assert.deepEqual(await signingWith(id), [ownSecret]);
  });

  it("never lets a secret live longer than it would have", async () => {
    const { id } = await makeEndpoint();
    const second = await rotateEndpointSecret(ctx, id, { expiresPreviousInSeconds: 60 });
    const third = await rotateEndpointSecret(ctx, id, { expiresPreviousInSeconds: 3600 });
    ctx.clock.advanceBy(60);
    assert.deepEqual(await signingWith(id), [third.secret, second.secret]);
  });

  it("keeps at most five live, also when rotations come at once", async () => {
    const { id } = await makeEndpoint();
    const results = await Promise.allSettled([1, 2, 3, 4, 5, 6].map(() => rotateEndpointSecret(ctx, id, {})));
    const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason.code] : []));
    assert.deepEqual(refused, ["too_many_secrets", "too_many_secrets"]);
    assert.equal((await signingWith(id)).length, 5);
    const { secret } = await rotateEndpointSecret(ctx, id, { expiresPreviousInSeconds: 0 });
    assert.deepEqual(await signingWith(id), [secret]);
  });

  it("refuses what is no rotation", () => {
    for (const [bad, path] of [
      [{ secret: "whsec_x" }, "secret"],
      [{ expiresPreviousInSeconds: 2_592_001 }, "expiresPreviousInSeconds"],
      [{ expiresPreviousInSeconds: "60" }, "expiresPreviousInSeconds"],
      [{ url: "https://receiver.example/" }, "url"],
    ] as const)
      assert.throws(() => parseInput(endpointSecretRotation, bad), invalidAt(path));
  });

  it("rejects whoever may not see secrets, another project's endpoint, and a rotation without its audit row", async () => {
    const { id, secret } = await makeEndpoint();
    for (const role of ["developer", "operator", "viewer"] as const)
      await assert.rejects(rotateEndpointSecret(ctx.as(role), id, {}), { status: 403 });
    await assert.rejects(rotateEndpointSecret(await ctx.inAnotherProject(), id, {}), { status: 404 });
    await assert.rejects(rotateEndpointSecret(withoutAudit(ctx), id, { expiresPreviousInSeconds: 0 }));
    assert.deepEqual(await signingWith(id), [secret]);
  });
});
