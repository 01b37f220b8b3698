import assert from "node:assert/strict";
import type { HubError } from "../../src/lib/errors.ts";
import { fromWireId } from "../../src/lib/ids.ts";
import { parseInput } from "../../src/lib/parse-input.ts";
import { createSource, newSource, type NewSource } from "../../src/sources/create-source.ts";
import { deleteSource } from "../../src/sources/delete-source.ts";
import { getSource } from "../../src/sources/get-source.ts";
import { listProviders } from "../../src/sources/list-providers.ts";
import { listSources } from "../../src/sources/list-sources.ts";
import type { Source } from "../../src/sources/source.ts";
import { sourceChanges, updateSource } from "../../src/sources/update-source.ts";
import { auditLog, tablesWith, withoutAudit } from "../support/database-contents.ts";
import { invalidAt } from "../support/invalid-at.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";

const github: NewSource = { name: "Our repositories", provider: "github", secrets: ["a github secret"] };
const custom: NewSource = {
  name: "Home-made",
  provider: "custom",
  secrets: ["c2VjcmV0"],
  verification: { scheme: { algorithm: "hmac-sha256", header: "x-signature", secret: { encoding: "base64" } } },
};

function uuidOf(source: Source): string {
  return fromWireId("source", source.id) as string;
}

describe("source verbs", () => {
  let ctx: TestContext;
  before(async () => {
    ctx = await createTestContext();
  });
  after(() => ctx[Symbol.asyncDispose]());

  it("opens a source with the URL to give to the provider, and shows no secret", async () => {
    const input = {
      ...github,
      secrets: ["first of two", "second of two"],
      rateLimitPerSecond: 7,
      bodyLimitBytes: 1024,
    };
    const source = await createSource(ctx, input);
    assert.deepEqual(source, {
      id: source.id,
      url: `https://hub.example/in/${source.id}`,
      name: "Our repositories",
      provider: "github",
      verification: {},
      enabled: true,
      intake: "open",
      rateLimitPerSecond: 7,
      bodyLimitBytes: 1024,
      liveSecrets: [{ createdAt: "2026-01-02T03:04:05.678Z" }, { createdAt: "2026-01-02T03:04:05.678Z" }],
      createdAt: "2026-01-02T03:04:05.678Z",
      updatedAt: "2026-01-02T03:04:05.678Z",
    });
    assert.deepEqual(await getSource(ctx, uuidOf(source)), source);
    assert.deepEqual(await tablesWith(ctx, "Our repositories"), ["public.sources"]);
    assert.deepEqual(await tablesWith(ctx, "first of two"), []);
    assert.deepEqual((await auditLog(ctx)).at(-1), {
      action: "source.create",
      target: source.id,
      detail: { provider: "github", fields: Object.keys(input) },
    });
  });

  it("opens a custom source with a scheme of its own", async () => {
    const source = await createSource(ctx, custom);
    assert.deepEqual(source.verification, custom.verification);
  });

  it("refuses a provider that is not in the catalogue, and a scheme where none belongs or is missing", async () => {
    await assert.rejects(createSource(ctx, { ...github, provider: "gitlob" }), invalidAt("provider"));
    await assert.rejects(createSource(ctx, { ...github, secrets: [] }), invalidAt("secrets"));
    await assert.rejects(
      createSource(ctx, { ...github, verification: { split: true } }),
      invalidAt("verification.split"),
    );
    const { verification, ...schemeless } = custom;
    await assert.rejects(createSource(ctx, schemeless), invalidAt("verification.scheme"));
    await assert.rejects(
      createSource(ctx, { ...github, verification: verification ?? {} }),
      invalidAt("verification.scheme"),
    );
  });

  it("refuses secrets that do not fit the scheme, naming each and repeating none", async () => {
    await assert.rejects(
      createSource(ctx, { ...custom, secrets: ["c2VjcmV0", "not base64!", "~"] }),
      (error: HubError) => {
        assert.ok(!JSON.stringify(error).includes("not base64!"));
        return invalidAt("secrets.1", "secrets.2")(error);
      },
    );
  });

  for (const [what, input, ...paths] of [
    ["an unknown field", { ...github, filter: 1 }, "filter"],
    ["six secrets", { ...github, secrets: ["1", "2", "3", "4", "5", "6"] }, "secrets"],
    ["an empty secret", { ...github, secrets: ["a", ""] }, "secrets.1"],
    ["a secret with NUL", { ...github, secrets: ["a\u0000"] }, "secrets.0"],
    ["a secret over 4 KiB", { ...github, secrets: ["é".repeat(2049)] }, "secrets.0"],
    ["a name of two lines", { ...github, name: "a\nb" }, "name"],
    ["a null", { ...github, response: null }, "response"],
    ["a redirect as the answer", { ...github, response: { status: 302 } }, "response.status"],
    ["a body where there is none", { ...github, response: { status: 204, body: "x" } }, "response.body"],
    ["an HTML answer", { ...github, response: { contentType: "text/html" } }, "response.contentType"],
    ["a URL that is none", { ...github, verification: { url: "ftp://x" } }, "verification.url"],
    [
      "a bad scheme",
      { ...custom, verification: { scheme: { algorithm: "md5", header: "x" } } },
      "verification.scheme.algorithm",
    ],
    [
      "an unsigned timestamp",
      {
        ...custom,
        verification: { scheme: { algorithm: "hmac-sha256", header: "x", timestamp: { from: { header: "t" } } } },
      },
      "verification.scheme.timestamp.from",
    ],
  ] as const)
    it(`refuses ${what}`, () => {
      assert.throws(() => parseInput(newSource, input), invalidAt(...paths));
    });

  it("keeps the answer as it will be sent", async () => {
    const answers = [
      [{ status: 202 }, { status: 202 }],
      [
        { status: 201, body: { ok: true } },
        { status: 201, body: '{"ok":true}', contentType: "application/json; charset=utf-8" },
      ],
      [{ body: "[accepted]" }, { status: 200, body: "[accepted]", contentType: "text/plain; charset=utf-8" }],
      [
        { body: "<Response/>", contentType: "text/xml" },
        { status: 200, body: "<Response/>", contentType: "text/xml; charset=utf-8" },
      ],
    ] as const;
    for (const [response, stored] of answers)
      assert.deepEqual((await createSource(ctx, { ...github, response })).response, stored);
    const changed = await createSource(ctx, { ...github, response: { body: "x" } });
    const again = parseInput(sourceChanges, { response: changed.response });
    assert.deepEqual((await updateSource(ctx, uuidOf(changed), again)).response, changed.response);
  });

  it("lists a project's sources, newest first, page by page", async () => {
    const other = await ctx.inAnotherProject();
    const made = [];
    for (const name of ["one", "two", "three"]) made.unshift(await createSource(other, { ...github, name }));
    const first = await listSources(other, { limit: 2 });
    assert.deepEqual(first.data, made.slice(0, 2));
    assert.ok(first.nextCursor !== undefined);
    const cursor = uuidOf(made[1] as Source);
    assert.deepEqual(await listSources(other, { limit: 2, cursor }), { data: made.slice(2) });
  });

  it("changes only what is named, and clears what is null", async () => {
    const source = await createSource(ctx, { ...github, response: { status: 202 }, rateLimitPerSecond: 5 });
    ctx.clock.advanceBy(60);
    const heard: unknown[] = [];
    const stop = ctx.signals.on("sources", (keys) => heard.push(keys));
    const changed = await updateSource(ctx, uuidOf(source), {
      name: "Renamed",
      rateLimitPerSecond: null,
      verification: { toleranceSeconds: 60 },
    });
    stop();
    const { rateLimitPerSecond: _, ...rest } = source;
    const updatedAt = new Date(ctx.clock.now()).toISOString();
    assert.deepEqual(changed, { ...rest, name: "Renamed", verification: { toleranceSeconds: 60 }, updatedAt });
    assert.deepEqual(heard, [[uuidOf(source)]]);
    assert.deepEqual((await auditLog(ctx)).at(-1), {
      action: "source.update",
      target: source.id,
      detail: { fields: ["name", "rateLimitPerSecond", "verification"] },
    });
  });

  it("refuses a change to a scheme that the live secrets do not fit", async () => {
    const source = await createSource(ctx, { ...custom, secrets: ["plain text"], verification: utf8Scheme() });
    await assert.rejects(updateSource(ctx, uuidOf(source), custom), (error: HubError) => {
      assert.ok(!JSON.stringify(error).includes("plain text"));
      return invalidAt("verification.scheme")(error);
    });
    await assert.rejects(updateSource(ctx, uuidOf(source), { verification: {} }), invalidAt("verification.scheme"));
  });

  it("closes a source for good and forgets its secrets", async () => {
    const source = await createSource(ctx, github);
    await deleteSource(ctx, uuidOf(source));
    await assert.rejects(getSource(ctx, uuidOf(source)), { status: 404 });
    await assert.rejects(deleteSource(ctx, uuidOf(source)), { status: 404 });
    const secrets = await ctx.db.kysely
      .selectFrom("source_secrets")
      .select("id")
      .where("source_id", "=", uuidOf(source))
      .execute();
    assert.deepEqual(secrets, []);
    const { data } = await listSources(ctx, { limit: 200 });
    assert.ok(data.every(({ id }) => id !== source.id));
  });

  it("changes nothing when the audit row cannot be written", async () => {
    const blind = withoutAudit(ctx);
    const source = await createSource(ctx, github);
    const before = await listSources(ctx, { limit: 200 });
    await assert.rejects(createSource(blind, github));
    await assert.rejects(updateSource(blind, uuidOf(source), { enabled: false }));
    await assert.rejects(deleteSource(blind, uuidOf(source)));
    assert.deepEqual(await listSources(ctx, { limit: 200 }), before);
  });

  it("rejects a read-only actor, and lets an operator only switch", async () => {
    const source = await createSource(ctx, github);
    const id = uuidOf(source);
    const viewer = ctx.as("viewer");
    assert.deepEqual(await getSource(viewer, id), source);
    await assert.rejects(createSource(viewer, github), { status: 403 });
    await assert.rejects(updateSource(viewer, id, { enabled: false }), { status: 403 });
    await assert.rejects(deleteSource(viewer, id), { status: 403 });
    await assert.rejects(getSource(ctx.as("worker"), id), { status: 403 });
    const operator = ctx.as("operator");
    assert.equal((await updateSource(operator, id, { enabled: false })).enabled, false);
    await assert.rejects(updateSource(operator, id, { enabled: true, name: "x" }), { status: 403 });
    await assert.rejects(updateSource(operator, id, {}), { status: 403 });
  });

  it("answers 404 for another project's source", async () => {
    const id = uuidOf(await createSource(ctx, github));
    const stranger = await ctx.inAnotherProject();
    await assert.rejects(getSource(stranger, id), { status: 404 });
    await assert.rejects(updateSource(stranger, id, { enabled: false }), { status: 404 });
    await assert.rejects(deleteSource(stranger, id), { status: 404 });
    assert.deepEqual(await listSources(stranger, { limit: 10 }), { data: [] });
  });

  it("lists the catalogue of providers", () => {
    const views = listProviders(ctx.as("viewer"));
    const listed = views.map(({ id }) => id);
    for (const id of ["github", "stripe", "slack", "standard-webhooks", "svix", "custom"])
      assert.ok(listed.includes(id));
    for (const { id, scheme, signature } of views)
      assert.equal(scheme === undefined && signature === undefined, id === "custom", id);
  });
});

function utf8Scheme(): NonNullable<NewSource["verification"]> {
  return { scheme: { algorithm: "hmac-sha256", header: "x-signature" } };
}
