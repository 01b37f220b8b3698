import { X509Certificate } from "node:crypto";
import { UnavailableError } from "../lib/errors.ts";
import type { Services } from "../platform/services.ts";

const timeoutMs = 5_000;
// A chain of three certificates has 6 KB.
const maxCertificateBytes = 65_536;
const freshForMs = 24 * 3_600_000;
// An hour of outage costs 120 calls for one URL, not one for each delivery.
const failedForMs = 30_000;
const maxCertificates = 256;
// Whoever knows a source's URL can name certificates that are not there: he gets eight calls to a host at a time, holds up no other
// provider's, and pushes nothing out that has been fetched.
const maxUnderWay = 8;

interface Entry {
  readonly certificate: X509Certificate | undefined;
  readonly untilMs: number;
}

/**
 * The certificates that providers sign with, by URL. It fetches what it is asked to: verifiers ask only for URLs on their provider's own
 * hosts (`NeedsCertificate`). Through the guarded client, without redirects, and never inside a transaction.
 */
export class CertificateCache {
  readonly #services: Pick<Services, "clock" | "outbound">;
  readonly #fetched = new Map<string, Entry>();
  readonly #failed = new Map<string, Entry>();
  readonly #underWay = new Map<string, Promise<X509Certificate | undefined>>();

  constructor(services: Pick<Services, "clock" | "outbound">) {
    this.#services = services;
  }

  /** The certificate, when it has been fetched within a day. */
  find(url: string): X509Certificate | undefined {
    return this.#recall(this.#fetched, url)?.certificate;
  }

  /** Fetches it once for all that ask. Rejects with UnavailableError `certificate_unavailable`: the sender must try again. */
  async fetch(url: string): Promise<X509Certificate> {
    const known = this.find(url);
    if (known !== undefined) return known;
    if (this.#recall(this.#failed, url) !== undefined) throw unavailable();
    let underWay = this.#underWay.get(url);
    if (underWay === undefined) {
      if (this.#underWayTo(URL.parse(url)?.host) >= maxUnderWay) throw unavailable();
      underWay = this.#fetch(url).finally(() => this.#underWay.delete(url));
      this.#underWay.set(url, underWay);
    }
    const certificate = await underWay;
    if (certificate === undefined) throw unavailable();
    return certificate;
  }

  #underWayTo(host: string | undefined): number {
    return [...this.#underWay.keys()].filter((url) => URL.parse(url)?.host === host).length;
  }

  #recall(entries: Map<string, Entry>, url: string): Entry | undefined {
    const entry = entries.get(url);
    return entry !== undefined && entry.untilMs > this.#services.clock.now() ? entry : undefined;
  }

  async #fetch(url: string): Promise<X509Certificate | undefined> {
    const { outbound, clock } = this.#services;
    const limits = { timeoutMs, maxResponseBytes: maxCertificateBytes };
    const result = await outbound.request({ url, method: "GET", headers: {}, ...limits });
    const certificate =
      result.kind === "response" && result.status === 200 && !result.truncated ? read(result.body) : undefined;
    const [entries, forMs] = certificate === undefined ? [this.#failed, failedForMs] : [this.#fetched, freshForMs];
    entries.delete(url);
    entries.set(url, { certificate, untilMs: clock.now() + forMs });
    const [oldest] = entries.keys();
    if (entries.size > maxCertificates && oldest !== undefined) entries.delete(oldest);
    return certificate;
  }
}

/** The first of a chain, which is the one that signs. */
function read(pem: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function unavailable(): UnavailableError {
  const message = "This delivery cannot be verified at the moment; try again later.";
  return new UnavailableError("certificate_unavailable", message, { retryAfterSeconds: 30 });
}
