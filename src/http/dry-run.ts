import type { RouteCache } from "../routing/route-cache.ts";
import { dryRun } from "../routing/dry-run.ts";
import { dryRunRequest } from "../routing/dry-run-request.ts";
import { dryRunSchema } from "../routing/dry-run-result.ts";
import { readSample } from "../sources/read-sample.ts";
import type { SourceCache } from "../sources/source-cache.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { type Operation, operation } from "./operation.ts";

/** What a dry run looks things up in. */
export interface DryRunServices extends TaskServices {
  readonly routes: RouteCache;
  readonly sources: SourceCache;
}

/** The call that tries routes on events. */
export function dryRunOperations(services: DryRunServices): readonly Operation[] {
  const { routes, sources } = services;
  return [
    operation({
      method: "post",
      path: "/api/v1/routes/dry-run",
      summary: "Say what routes would do with events, and store nothing",
      tag: "Routes",
      body: dryRunRequest,
      // Never stored; a payload may hold NUL, and a pattern is compared with payloads.
      freeFields: ["route", "event"],
      responses: {
        200: { description: "What would match, and the tasks that would be made.", schema: dryRunSchema },
        404: { description: "The project has no such route or event." },
      },
      handle: async (ctx, { body }) => ({
        status: 200,
        body: await dryRun(
          { ...services, ...ctx },
          routes,
          (delivery) => readSample(ctx.db, sources, delivery, ctx.clock.now()),
          body,
        ),
      }),
    }),
  ];
}
