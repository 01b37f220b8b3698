import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import { countBulk } from "./bulk-batch-store.ts";
import { type BulkKind, type BulkOperation, type BulkParameters, presentBulkOperation } from "./bulk-operation.ts";
import { insertBulk } from "./bulk-store.ts";

/** A bulk operation to begin. */
interface NewBulkOperation {
  readonly kind: BulkKind;
  readonly endpoint: { readonly id: string; readonly subscriber_id: string };
  readonly parameters: BulkParameters;
  readonly ratePerSecond?: number | undefined;
}

/** How many deliveries a bulk operation handles a second unless it is told otherwise. */
const defaultRatePerSecond = 500;

/** Begins a bulk operation on an endpoint of the caller's, in the caller's transaction: the background does it. */
export async function startBulkOperation(
  ctx: Context,
  tx: Transaction,
  { kind, endpoint, parameters, ratePerSecond = defaultRatePerSecond }: NewBulkOperation,
): Promise<BulkOperation> {
  const now = new Date(ctx.clock.now());
  const { kind: actorKind, id: actorId, name: actorName, projectId } = ctx.actor;
  const row = await insertBulk(tx, {
    id: ctx.newId(),
    project_id: projectId,
    kind,
    endpoint_id: endpoint.id,
    subscriber_id: endpoint.subscriber_id,
    parameters: JSON.stringify(parameters),
    state: "running",
    rate_per_second: ratePerSecond,
    position: null,
    total: await countBulk(tx, { kind, endpoint_id: endpoint.id, parameters }),
    done: 0,
    skipped: 0,
    actor_kind: actorKind,
    actor_id: actorId,
    actor_name: actorName,
    created_at: now,
    due_at: now,
    finished_at: null,
  });
  const operation = presentBulkOperation(row);
  const detail = { ...parameters, operation: operation.id, total: operation.total };
  await recordAudit(ctx, tx, { action: `endpoint.${kind}`, target: toWireId("endpoint", endpoint.id), detail });
  return operation;
}
