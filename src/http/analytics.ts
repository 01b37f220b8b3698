import { z } from "zod";
import { analyticsSchema } from "../analytics/analytics.ts";
import { analyticsQuestion, getAnalytics } from "../analytics/get-analytics.ts";
import { moment } from "./moment.ts";
import { type Operation, operation } from "./operation.ts";

/** The call for numbers. */
export const analyticsOperations: readonly Operation[] = [
  operation({
    method: "get",
    path: "/api/v1/analytics",
    summary: "Counts, success rates, durations and usage per agent, team, route, source or endpoint",
    tag: "Analytics",
    query: z.strictObject({
      from: moment.optional().describe("Absent: 24 hours before `to`. Hours count as a whole."),
      to: moment.optional().describe("Absent: now."),
      ...analyticsQuestion,
    }),
    responses: { 200: { description: "The numbers.", schema: analyticsSchema } },
    handle: async (ctx, { query }) => ({ status: 200, body: await getAnalytics(ctx, query) }),
  }),
];
