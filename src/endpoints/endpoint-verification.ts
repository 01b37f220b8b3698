import { z } from "zod";
import type { Settings } from "../platform/config.ts";

/**
 * How an endpoint shows that it wants to be called, before anything is sent to it.
 * - `challenge`: it answers a signed message `endpoint.verification` with the challenge that stands in it
 * - `options`: it answers an OPTIONS request as CloudEvents has it (HTTP 1.1 Web Hooks for Event Delivery, §4)
 */
export const verificationMethods = ["challenge", "options"] as const;

export const endpointVerification = z
  .enum(verificationMethods)
  .describe(
    "Nothing is sent to it before it has shown, by `POST …/verify`, that it wants to be called: it echoes the challenge of a signed message, or answers CloudEvents' OPTIONS request.",
  );

/** What is stored of that. */
export interface StoredVerification {
  readonly method: (typeof verificationMethods)[number];
  /** ISO 8601. Absent: not yet, or not at this URL. */
  readonly verifiedAt?: string;
}

/** Of an endpoint as the API shows it. */
export const shownVerification = z.object({
  method: z.enum(verificationMethods),
  verifiedAt: z.iso.datetime().exactOptional().describe("Absent: it has not shown it yet."),
});

/** Why an endpoint is off that has not been verified. */
export const unverified = "unverified";

/** How a new endpoint is to be verified: as it says, or else as the hub demands of all. */
export function verificationOf(
  wanted: StoredVerification["method"] | undefined,
  { endpointVerification: demanded }: Settings["deliveries"],
): StoredVerification | undefined {
  const method = wanted ?? (demanded === "none" ? undefined : demanded);
  return method === undefined ? undefined : { method };
}
