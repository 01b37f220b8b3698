import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** The hub's Prometheus metrics. Labels are few and closed: no project, source or endpoint, which would be unbounded. */
export interface Metrics {
  readonly registry: Registry;
  /** Inbound requests, by provider and what became of them. */
  readonly inbound: Counter<"provider" | "outcome">;
  /** Inbound requests that were refused for what they are, by provider and reason. */
  readonly inboundRejected: Counter<"provider" | "reason">;
  /** Rejections that were counted and not written down: too many at once, or the database was away. */
  readonly rejectionsDropped: Counter;
  /** Seconds from the first byte handled to the answer of an inbound request. */
  readonly inboundSeconds: Histogram;
  /** Events per commit. */
  readonly acceptBatch: Histogram;
  /** Tasks that entered a state. */
  readonly tasks: Counter<"state">;
  /** Delivery attempts, by outcome. */
  readonly attempts: Counter<"outcome">;
  /** Seconds that one delivery attempt took. */
  readonly attemptSeconds: Histogram;
  /** Requests to the API, by method, route and status. */
  readonly requests: Counter<"method" | "route" | "status">;
  /** A gauge that is read when Prometheus asks. */
  gauge(name: string, help: string, read: () => number): void;
}

/** Makes the metrics on a registry of their own, so that two hubs in one process do not share counts. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    inbound: new Counter({
      name: "hookyard_inbound_total",
      help: "Inbound webhook requests by provider and outcome.",
      labelNames: ["provider", "outcome"],
      registers,
    }),
    inboundRejected: new Counter({
      name: "hookyard_inbound_rejected_total",
      help: "Inbound requests that were refused for what they are, by provider and reason.",
      labelNames: ["provider", "reason"],
      registers,
    }),
    rejectionsDropped: new Counter({
      name: "hookyard_inbound_rejections_dropped_total",
      help: "Rejections that the rejection log of their source does not hold.",
      registers,
    }),
    inboundSeconds: new Histogram({
      name: "hookyard_inbound_seconds",
      help: "Time to answer an inbound webhook, in seconds.",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
    acceptBatch: new Histogram({
      name: "hookyard_accept_batch_events",
      help: "Events that shared one commit.",
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
      registers,
    }),
    tasks: new Counter({
      name: "hookyard_tasks_total",
      help: "Tasks that entered a state.",
      labelNames: ["state"],
      registers,
    }),
    attempts: new Counter({
      name: "hookyard_delivery_attempts_total",
      help: "Delivery attempts by outcome.",
      labelNames: ["outcome"],
      registers,
    }),
    attemptSeconds: new Histogram({
      name: "hookyard_delivery_attempt_seconds",
      help: "Duration of a delivery attempt, in seconds.",
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
      registers,
    }),
    requests: new Counter({
      name: "hookyard_api_requests_total",
      help: "API requests by method, route and status.",
      labelNames: ["method", "route", "status"],
      registers,
    }),
    gauge(name, help, read) {
      const gauge: Gauge = new Gauge({ name, help, registers, collect: () => gauge.set(read()) });
    },
  };
}
