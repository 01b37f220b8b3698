import type { SourceTester } from "../sources/test-source.ts";
import { agentOperations } from "./agents.ts";
import { analyticsOperations } from "./analytics.ts";
import { artifactUploadOperations } from "./artifact-uploads.ts";
import { artifactOperations } from "./artifacts.ts";
import { budgetOperations } from "./budgets.ts";
import { bulkOperations } from "./bulk-operations.ts";
import { deliveryOperations } from "./deliveries.ts";
import { dryRunOperations, type DryRunServices } from "./dry-run.ts";
import { endpointOperations } from "./endpoints.ts";
import { erasureOperations } from "./erasures.ts";
import { eventTypeOperations } from "./event-types.ts";
import { eventOperations } from "./events.ts";
import { executionOperations } from "./executions.ts";
import { messageOperations } from "./messages.ts";
import type { Operation } from "./operation.ts";
import { providerOperations } from "./providers.ts";
import { replayOperations } from "./replays.ts";
import { retentionOperations } from "./retention.ts";
import { routeOperations } from "./routes.ts";
import { scheduleOperations } from "./schedules.ts";
import { sourceCheckOperations } from "./source-checks.ts";
import { sourceOperations } from "./sources.ts";
import { subscriberMessageOperations } from "./subscriber-messages.ts";
import { subscriberOperations } from "./subscribers.ts";
import { taskReportOperations } from "./task-reports.ts";
import { taskRequestOperations } from "./task-requests.ts";
import { taskOperations } from "./tasks.ts";
import { traceOperations } from "./trace.ts";
import { workerOperations, type WorkerServices } from "./worker.ts";

/** Every call of the API but those about access, which the application adds. */
export function apiOperations(services: WorkerServices & SourceTester & DryRunServices): readonly Operation[] {
  return [
    ...providerOperations,
    ...sourceOperations,
    ...sourceCheckOperations(services),
    ...agentOperations,
    ...budgetOperations,
    ...routeOperations,
    ...dryRunOperations(services),
    ...scheduleOperations(services),
    ...subscriberOperations,
    ...endpointOperations,
    ...workerOperations(services),
    ...eventOperations,
    ...replayOperations(services),
    ...taskOperations(services),
    ...taskRequestOperations(services),
    ...taskReportOperations,
    ...executionOperations(services),
    ...artifactOperations,
    ...artifactUploadOperations(services),
    ...eventTypeOperations,
    ...messageOperations,
    ...subscriberMessageOperations,
    ...deliveryOperations,
    ...bulkOperations,
    ...analyticsOperations,
    ...retentionOperations,
    ...erasureOperations(services),
    ...traceOperations,
  ];
}
