import type { SourceTester } from "../sources/test-source.ts";
import { agentOperations } from "./agents.ts";
import { artifactOperations } from "./artifacts.ts";
import { deliveryOperations } from "./deliveries.ts";
import { endpointOperations } from "./endpoints.ts";
import { eventOperations } from "./events.ts";
import { messageOperations } from "./messages.ts";
import type { Operation } from "./operation.ts";
import { providerOperations } from "./providers.ts";
import { routeOperations } from "./routes.ts";
import { sourceCheckOperations } from "./source-checks.ts";
import { sourceOperations } from "./sources.ts";
import { subscriberOperations } from "./subscribers.ts";
import { taskOperations } from "./tasks.ts";
import { traceOperations } from "./trace.ts";
import { workerOperations, type WorkerServices } from "./worker.ts";

/** Every call of the API but those about access, which the application adds. */
export function apiOperations(services: WorkerServices & SourceTester): readonly Operation[] {
  return [
    ...providerOperations,
    ...sourceOperations,
    ...sourceCheckOperations(services),
    ...agentOperations,
    ...routeOperations,
    ...subscriberOperations,
    ...endpointOperations,
    ...workerOperations(services),
    ...eventOperations,
    ...taskOperations(services),
    ...artifactOperations,
    ...messageOperations,
    ...deliveryOperations,
    ...traceOperations,
  ];
}
