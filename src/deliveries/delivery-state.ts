/** The states of a delivery (DESIGN, "Words"). */
export const deliveryStates = ["pending", "succeeded", "failed", "canceled"] as const;

/** Where a delivery stands. */
export type DeliveryState = (typeof deliveryStates)[number];
