import { z } from "zod";
import { label } from "../tasks/labels.ts";
import { reportTasks, taskReportSchema } from "../tasks/report-tasks.ts";
import { moment } from "./moment.ts";
import { type Operation, operation } from "./operation.ts";

const request = z
  .strictObject({
    label: label.exactOptional().describe("That of the tasks to count."),
    campaign: label.exactOptional().describe("The same, for whoever labels by campaign."),
    from: moment.describe("Tasks created at this time or later."),
    to: moment.describe("Tasks created before this time."),
    agent: z.string().min(1).max(200).exactOptional().describe("The name or id of an agent; absent: of all."),
  })
  .superRefine(({ label, campaign, from, to }, ctx) => {
    if ((label === undefined) === (campaign === undefined))
      ctx.addIssue({ code: "custom", path: ["label"], message: "or campaign must be there, and one of them only" });
    if (to <= from) ctx.addIssue({ code: "custom", path: ["to"], message: "must be later than from" });
  })
  .meta({ id: "TaskReportRequest" });

/** The call that counts what a campaign came to. */
export const taskReportOperations: readonly Operation[] = [
  operation({
    method: "post",
    path: "/api/v1/reports",
    summary: "Count what the tasks with a label came to",
    tag: "Tasks",
    body: request,
    responses: {
      200: { description: "Real numbers, as they stand now; nothing is stored.", schema: taskReportSchema },
    },
    async handle(ctx, { body: { label, campaign, ...rest } }) {
      return { status: 200, body: await reportTasks(ctx, { label: label ?? campaign ?? "", ...rest }) };
    },
  }),
];
