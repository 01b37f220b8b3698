/** What came of an event, as a replay asks for it: the state of one of its tasks, or one of these. */
export const replayOutcomes = [
  "no_match",
  "held",
  "failed",
  "coalesced",
  "deduplicated",
  "submitted",
  "working",
  "input_required",
  "auth_required",
  "completed",
  "canceled",
  "rejected",
] as const;

export type ReplayOutcome = (typeof replayOutcomes)[number];

/** Which events a replay asks for. */
export interface ReplayFilter {
  /** A uuid. */
  readonly sourceId?: string | undefined;
  readonly provider?: string | undefined;
  readonly type?: string | undefined;
  /** Received at this moment or later. */
  readonly after?: Date | undefined;
  /** Received before this moment. */
  readonly before?: Date | undefined;
  readonly outcome?: ReplayOutcome | undefined;
}

/** A filter as its row has it; `eventId` alone where one event was asked for by its id. */
export interface StoredReplayFilter extends Omit<ReplayFilter, "after" | "before"> {
  readonly eventId?: string;
  readonly after?: string;
  readonly before?: string;
}

export function readReplayFilter({ after, before, ...stored }: StoredReplayFilter): ReplayFilter {
  return {
    ...stored,
    ...(after === undefined ? {} : { after: new Date(after) }),
    ...(before === undefined ? {} : { before: new Date(before) }),
  };
}
