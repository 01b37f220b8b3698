import type { Clock } from "../lib/clock.ts";
import type { ArtifactContentStore } from "./artifact-contents.ts";
import type { Settings } from "./config.ts";
import type { Database } from "./database.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";
import type { OutboundHttp } from "./outbound-http.ts";
import type { Queue } from "./queue.ts";
import type { SecretBox } from "./secret-box.ts";
import type { Signals } from "./signals.ts";

/** What every verb may use, made once by the composition root. */
export interface Services {
  readonly db: Database;
  readonly queue: Queue;
  readonly signals: Signals;
  readonly clock: Clock;
  /** A new UUIDv7 on the hub's clock. */
  readonly newId: () => string;
  readonly secretBox: SecretBox;
  /** Sign the hub's marker on what tasks cause (lib/origin-marker.ts): the current one, and all that still count. */
  readonly originKeys: { readonly current: Buffer; readonly all: readonly Buffer[] };
  readonly contents: ArtifactContentStore;
  readonly settings: Settings;
  readonly metrics: Metrics;
  /** The guarded client: every call that leaves the hub goes through it. */
  readonly outbound: OutboundHttp;
  /** Where senders and people reach the hub, without a trailing slash; known once it listens. */
  readonly publicUrl: () => string;
  readonly log: Logger;
}
