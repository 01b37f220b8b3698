import { setTimeout as delay } from "node:timers/promises";
import type { Services } from "../platform/services.ts";
import type { DeliveryLane } from "./delivery-lane.ts";
import { takeTokens } from "./take-tokens.ts";

// A rate may have been raised meanwhile.
const longestWaitMs = 1_000;
const againMs = 500;

/** Asks for the tokens that a lane could use now, and waits for the next one when there is none. Never rejects. */
export async function refillGate(services: Services, endpointId: string, lane: DeliveryLane): Promise<void> {
  const { ratePerSecond } = lane.gate;
  if (ratePerSecond === undefined) return;
  try {
    const now = services.clock.now();
    const request = { ratePerSecond, wanted: lane.wantsAt(now), now: new Date(now) };
    const { granted, waitMs } = await takeTokens(services.db, endpointId, request);
    lane.gate.addTokens(granted);
    if (granted === 0) await delay(Math.min(waitMs, longestWaitMs), undefined, { ref: false });
  } catch (err) {
    services.log.warn({ unit: "delivery", err }, "cannot ask for an endpoint's rate; trying again shortly");
    await delay(againMs, undefined, { ref: false });
  }
}
