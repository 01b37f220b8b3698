import { type AccessTokens, createAccessTokens } from "../../src/access/access-token.ts";
import { createAuthenticator } from "../../src/access/authenticate.ts";
import { createProject, type NewProject } from "../../src/access/create-project.ts";
import { bootstrap } from "../../src/access/bootstrap.ts";
import type { IssuedApiKey } from "../../src/access/issue-key.ts";
import type { Role } from "../../src/access/roles.ts";
import { signingKeysOf } from "../../src/access/signing-keys.ts";
import type { Operation } from "../../src/http/operation.ts";
import { createHttpServer, type HttpServer } from "../../src/http/server.ts";
import { createSettleCommit } from "../../src/tasks/complete-task.ts";
import { taskServicesOf } from "../support/test-pipeline.ts";
import type { Settings } from "../../src/platform/config.ts";
import type { Database } from "../../src/platform/database.ts";
import type { Logger } from "../../src/platform/logger.ts";
import { generateMasterKey, parseMasterKeys } from "../../src/platform/master-keys.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";
import { z } from "zod";
import supertest from "supertest";

export const adminKey = "an-admin-key-of-more-than-32-characters";

/** What a test sets differently. */
export interface TestApiOptions {
  readonly operations?: readonly Operation[];
  readonly api?: Partial<Settings["api"]>;
  readonly inbound?: Partial<Settings["inbound"]>;
  readonly log?: Logger;
  readonly readiness?: () => Promise<void>;
  /** Where keys are looked up, instead of the database of everything else. */
  readonly keyDatabase?: Database;
}

/** A server without a hub behind it: the base and the access calls, on a real database and a real port. */
export interface TestApi extends AsyncDisposable {
  readonly ctx: TestContext;
  readonly server: HttpServer;
  readonly url: string;
  readonly port: number;
  /** A project with an owner. */
  readonly project: NewProject;
  /** Statements that were run so far. */
  readonly statements: () => number;
  readonly tokens: AccessTokens;
  /** The key that signs the tokens. */
  readonly signingKey: Buffer;
  agent(): supertest.Agent;
  /** A key of the project with this role. */
  keyFor(role: Role, agents?: readonly string[]): Promise<IssuedApiKey>;
}

function counted(db: Database, count: () => void): Database {
  return {
    ...db,
    get kysely() {
      count();
      return db.kysely;
    },
    query: (statement, values) => {
      count();
      return db.query(statement, values);
    },
    transaction: (work) => {
      count();
      return db.transaction(work);
    },
  };
}

export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const ctx = await createTestContext();
  let statements = 0;
  const services = {
    ...ctx,
    db: counted(ctx.db, () => {
      statements += 1;
    }),
    log: options.log ?? ctx.log,
    settings: {
      ...ctx.settings,
      api: { ...ctx.settings.api, ...options.api },
      inbound: { ...ctx.settings.inbound, ...options.inbound },
    },
  };
  await bootstrap(services, adminKey);
  const project = await createProject(services, "Test");
  const signingKeys = signingKeysOf(parseMasterKeys(generateMasterKey()));
  const tokens = createAccessTokens({
    signingKeys,
    issuer: "hookyard",
    audience: "hookyard-api",
  });
  const authenticator = createAuthenticator(
    { ...services, db: options.keyDatabase ?? services.db },
    { adminKey, accessTokens: tokens },
  );
  const taskServices = taskServicesOf(services);
  const server = createHttpServer({
    services,
    operations: options.operations ?? [],
    inboundRouter: (_request, _response, next) => {
      next();
    },
    authenticator,
    callbacks: { ...taskServices, settle: createSettleCommit(taskServices) },
    accessTokens: tokens,
    readiness: options.readiness ?? (() => Promise.resolve()),
    webhooks: {
      "task.completed": {
        summary: "A task has completed",
        schema: z.object({ type: z.literal("task.completed"), timestamp: z.iso.datetime(), data: z.object({}) }),
      },
    },
    tools: [],
    version: "0.0.0-test",
  });
  const { port } = await server.listen(0, "127.0.0.1");
  const url = `http://127.0.0.1:${port}`;

  return {
    ctx,
    server,
    url,
    port,
    project,
    tokens,
    signingKey: signingKeys.keys.get(signingKeys.current) ?? Buffer.alloc(0),
    statements: () => statements,
    agent: () => supertest.agent(url),
    async keyFor(role, agents) {
      const response = await supertest(url)
        .post("/api/v1/keys")
        .auth(project.ownerKey, { type: "bearer" })
        .send({ name: `A ${role}`, role, agents: agents ?? (role === "worker" ? ["triage"] : undefined) });
      if (response.status !== 201) throw new Error(JSON.stringify(response.body));
      return response.body as IssuedApiKey;
    },
    async [Symbol.asyncDispose]() {
      await server.close(1_000);
      authenticator.close();
      await ctx[Symbol.asyncDispose]();
    },
  };
}
