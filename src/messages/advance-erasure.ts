import { deliveryStates } from "../deliveries/delivery-state.ts";
import { eraseEndpointAttempts } from "../deliveries/erase-endpoint-attempts.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { eraseMessages } from "./erase-messages.ts";
import {
  deleteErasure,
  lockErasure,
  selectErasureEndpoint,
  selectErasureMessages,
  type SubscriberErasure,
  updateErasure,
} from "./erasure-store.ts";

const messagesAtOnce = 200;
const deliveriesAtOnce = 500;

async function eraseNextMessages(tx: Transaction, services: Services, erasure: SubscriberErasure): Promise<void> {
  const rows = await selectErasureMessages(tx, erasure, messagesAtOnce);
  await eraseMessages(
    tx,
    services,
    rows.map((row) => row.id),
  );
  const last = rows.at(-1);
  await updateErasure(tx, erasure.subscriber_id, {
    ...(last === undefined ? {} : { message_xid: last.xid, message_id: last.id }),
    messages_done: rows.length < messagesAtOnce,
  });
}

// What went to its endpoints because it was for all: the messages are others' too, the answers are its own.
async function eraseNextAttempts(tx: Transaction, services: Services, erasure: SubscriberErasure): Promise<void> {
  const { subscriber_id: id, delivery_state: state, delivery_id: beforeId, until_id: untilId } = erasure;
  if (state === null || beforeId === null) {
    const endpointId = await selectErasureEndpoint(tx, erasure);
    if (endpointId === undefined) await deleteErasure(tx, id);
    else
      await updateErasure(tx, id, { endpoint_id: endpointId, delivery_state: deliveryStates[0], delivery_id: untilId });
    return;
  }
  const of = { endpointId: erasure.endpoint_id, state, beforeId, limit: deliveriesAtOnce };
  const last = await eraseEndpointAttempts(tx, of, new Date(services.clock.now()));
  if (last !== undefined) {
    await updateErasure(tx, id, { delivery_id: last });
    return;
  }
  const next = deliveryStates[deliveryStates.findIndex((each) => each === state) + 1];
  await updateErasure(tx, id, { delivery_state: next ?? null, delivery_id: next === undefined ? null : untilId });
}

/**
 * Does the next part of a subscriber's erasure, of this one's or of any, and answers how many parts that were. Each commits
 * with how far it has come: a process that dies leaves the rest to the next.
 */
export async function advanceErasure(services: Services, subscriberId?: string): Promise<number> {
  return await services.db.transaction(async (tx) => {
    const erasure = await lockErasure(tx, subscriberId);
    if (erasure === undefined) return 0;
    await (erasure.messages_done ? eraseNextAttempts : eraseNextMessages)(tx, services, erasure);
    return 1;
  });
}
