import type { Dispatcher } from "undici";
import { failureFromError, timeoutFailure } from "./outbound-failure.ts";
import type { OutboundFailure, OutboundFailureReason, OutboundPhase } from "./outbound-failure.ts";

/** How a call ended. A redirect or an error status is a response like any other. */
export type OutboundResult =
  | {
      readonly kind: "response";
      readonly status: number;
      /** Lower-case names, at most 64; a repeated header is joined with ", ". */
      readonly headers: Readonly<Record<string, string>>;
      /** The first `maxResponseBytes` of the body. */
      readonly body: Buffer;
      /** The body was longer than what is kept. */
      readonly truncated: boolean;
      /** Whole milliseconds from the call to the last byte. */
      readonly durationMs: number;
      readonly remoteAddress: string;
    }
  | {
      readonly kind: "failure";
      readonly reason: OutboundFailureReason;
      readonly detail: string;
      readonly durationMs: number;
    };

/** The limits of one exchange. */
export interface ExchangeLimits {
  /** Milliseconds for everything: DNS, connect, TLS, request, response headers and body. */
  readonly timeoutMs: number;
  /** Bytes of the response body that are kept. */
  readonly maxResponseBytes: number;
  /** Ends the call with `aborted`. */
  readonly signal?: AbortSignal;
}

/** How a call ends that this process stops. */
export const ABORTED: OutboundFailure = { reason: "aborted", detail: "the hub stopped the call" };

/** Who carries an exchange: told once how it ended, and whether its connection may carry another one. */
export interface ExchangeCarrier {
  readonly remoteAddress: string;
  exchangeEnded(reusable: boolean): void;
}

const MAX_HEADERS = 64;

/** Read and dropped beyond what is kept, so that a long error page does not cost the connection; more is a flood. */
const MAX_DISCARDED_BYTES = 1024 * 1024;

const NO_BYTES = Buffer.alloc(0);

/**
 * One request and its response under one deadline, as undici's handler. It settles exactly once, never rejects, and
 * holds at most `maxResponseBytes` of what the receiver sends.
 */
export class OutboundExchange implements Dispatcher.DispatchHandler {
  readonly result: Promise<OutboundResult>;
  readonly #limits: ExchangeLimits;
  readonly #carrier: ExchangeCarrier;
  readonly #startedAt = performance.now();
  readonly #deadline: NodeJS.Timeout;
  readonly #abort = (): void => this.fail(ABORTED);
  #settle: ((result: OutboundResult) => void) | undefined;
  #phase: OutboundPhase = "response";
  #status = 0;
  #headers: Record<string, string> = {};
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #receivedBytes = 0;

  constructor(limits: ExchangeLimits, carrier: ExchangeCarrier) {
    this.#limits = limits;
    this.#carrier = carrier;
    const { promise, resolve } = Promise.withResolvers<OutboundResult>();
    this.result = promise;
    this.#settle = resolve;
    limits.signal?.addEventListener("abort", this.#abort);
    this.#deadline = setTimeout(() => this.fail(timeoutFailure(this.#phase, limits.timeoutMs)), limits.timeoutMs);
  }

  /** How far it has come, for the wording of a failure. */
  enterPhase(phase: OutboundPhase): void {
    this.#phase = phase;
  }

  /** Ends it without a response; does nothing once it has ended. The carrier drops the connection. */
  fail(failure: OutboundFailure): void {
    this.#end(false, { kind: "failure", ...failure, durationMs: this.#durationMs() });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // The deadline may pass while undici still waits for the connection: then nothing must be sent any more.
    if (this.#settle === undefined) controller.abort(new Error("the exchange has ended"));
    this.#phase = "response";
  }

  onResponseStart(_controller: unknown, status: number, headers: Record<string, string | string[] | undefined>): void {
    if (status < 200) return; // 1xx are interim answers (RFC 9110 §15.2)
    this.#phase = "body";
    this.#status = status;
    for (const name of Object.keys(headers).slice(0, MAX_HEADERS)) {
      const value = headers[name];
      if (value !== undefined) this.#headers[name] = typeof value === "string" ? value : value.join(", ");
    }
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#receivedBytes += chunk.length;
    const room = this.#limits.maxResponseBytes - this.#keptBytes;
    if (room > 0) {
      // A copy: a chunk is a view that would pin the whole 64 KiB read buffer for as long as the attempt is kept.
      const kept = Buffer.from(chunk.subarray(0, room));
      this.#kept.push(kept);
      this.#keptBytes += kept.length;
    }
    if (this.#receivedBytes > this.#limits.maxResponseBytes + MAX_DISCARDED_BYTES) {
      this.fail({
        reason: "too_large",
        detail: `stopped reading the response body after ${this.#receivedBytes} bytes`,
      });
    }
  }

  onResponseEnd(): void {
    const [only = NO_BYTES] = this.#kept;
    this.#end(true, {
      kind: "response",
      status: this.#status,
      headers: this.#headers,
      body: this.#kept.length > 1 ? Buffer.concat(this.#kept, this.#keptBytes) : only,
      truncated: this.#receivedBytes > this.#keptBytes,
      durationMs: this.#durationMs(),
      remoteAddress: this.#carrier.remoteAddress,
    });
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.fail(failureFromError(error, this.#phase));
  }

  #end(reusable: boolean, result: OutboundResult): void {
    const settle = this.#settle;
    if (settle === undefined) return;
    this.#settle = undefined;
    clearTimeout(this.#deadline);
    this.#limits.signal?.removeEventListener("abort", this.#abort);
    this.#carrier.exchangeEnded(reusable);
    settle(result);
  }

  #durationMs(): number {
    return Math.round(performance.now() - this.#startedAt);
  }
}
