/** The states of a delivery (DESIGN, "Words"). */
export const deliveryStates = ["pending", "succeeded", "failed", "canceled"] as const;
