import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import type { EventAcceptor } from "../events/accept-events.ts";
import { ConflictError, InvalidError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { storableText } from "../lib/storable-text.ts";
import type { CertificateCache } from "./fetch-certificate.ts";
import { plainSample } from "./fill-sample.ts";
import type { SampleDelivery } from "./prepare-sample.ts";
import { providers } from "./providers/catalogue.ts";
import type { ProviderSample, SampleObject } from "./providers/provider.ts";
import { signSample } from "./sign-sample.ts";
import type { SourceCache, SourceRecord } from "./source-cache.ts";
import { openSourceSecret } from "./source-secret.ts";
import { selectLiveSourceSecrets, selectSource } from "./store.ts";
import { storeDelivery } from "./store-delivery.ts";
import { signedUrlOf, verifyDelivery } from "./verify-delivery.ts";
import { withEventType } from "./with-event-type.ts";

/** What it takes to send a source an event as its provider would. */
export interface SourceTester {
  readonly sources: SourceCache;
  readonly acceptor: EventAcceptor;
  readonly certificates: CertificateCache;
}

export const newSourceTest = z
  .strictObject({
    type: storableText(200).min(1).exactOptional().describe("The event's type. Absent: the sample's own."),
    payload: z
      .union([jsonObjectSchema, z.array(z.unknown())], { error: "must be an object or a list" })
      .exactOptional()
      .describe(
        "Sent as JSON instead of the provider's sample. In its texts `$id` stands for the delivery id and `$time` for now.",
      ),
  })
  .meta({ id: "NewSourceTest" });

export const sourceTestSchema = z
  .object({
    eventId: z.string(),
    deliveryId: z.string().describe("Begins with `test_`, which no provider's does: so tests are told from events."),
    type: z.string(),
    held: z.boolean().describe("Whether the source is paused, so that nothing is routed yet."),
    tasks: z.int().describe("How many tasks it caused."),
    request: z
      .object({
        method: z.string(),
        url: z.string(),
        headers: z.record(z.string(), z.string()).describe("Signatures and credentials are left out."),
        bodySize: z.int(),
      })
      .describe("What was signed and sent. `GET /api/v1/events/{id}/body` has its body."),
  })
  .meta({ id: "SourceTest" });

export type NewSourceTest = z.infer<typeof newSourceTest>;
export type SourceTest = z.infer<typeof sourceTestSchema>;

/**
 * Signs an event as the source's provider would, with one of the source's own secrets, and puts it through what a request goes
 * through: verification, dedupe, routes. It needs `sources:write`, whose holder could open a source with a secret of its own
 * and send the same. Throws NotFoundError when the project has no such source, ConflictError `source_disabled`,
 * `not_signable` when only the provider can sign or no live secret does, `not_verified` when the source refuses what its
 * own secret signed, and InvalidError for a type or payload that the provider's events cannot have.
 */
export async function testSource(
  ctx: Context,
  tester: SourceTester,
  id: string,
  test: NewSourceTest,
): Promise<SourceTest> {
  authorise(ctx.actor, "sources:write");
  if ((await selectSource(ctx.db, ctx.actor.projectId, id)) === undefined) throw unknownSource();
  const source = await tester.sources.get(ctx.db, id);
  if (source === undefined) throw unknownSource();
  if (!source.enabled) throw new ConflictError("source_disabled", "The source is disabled: enable it to test it");

  const deliveryId = `test_${ctx.newId().replaceAll("-", "")}`;
  const delivery = await signed(ctx, source, deliveryId, test);
  const { method, headers, rawBody } = delivery;
  const request = { method, headers: headers.flat(), rawBody };
  const verified = await verifyDelivery(ctx, tester.certificates, source, request);
  if (!verified.ok) {
    const message = `The source refuses what its own secret signed (${verified.reason})`;
    throw new ConflictError("not_verified", message);
  }
  if (verified.handshake !== undefined) throw invalid("payload", "is a question of the provider's, and no event");
  if (test.type !== undefined && verified.eventType !== test.type)
    throw invalid("type", `cannot be set for this provider: the event would be ${verified.eventType}`);

  // With an id of its own, so that no test takes the place of an event that is still to come.
  const marked = { ...verified, deliveryId };
  const { eventId, held, tasks } = await storeDelivery(tester.acceptor, source, marked, rawBody);
  const wireId = toWireId("event", eventId);
  await recordAudit(ctx, ctx.db, { action: "source.test", target: source.wireId, detail: { eventId: wireId } });
  return {
    eventId: wireId,
    deliveryId,
    type: verified.eventType,
    held,
    tasks,
    request: { method, url: signedUrlOf(ctx, source), headers: shown(source, headers), bodySize: rawBody.length },
  };
}

/** By the first live secret that can. */
async function signed(
  ctx: Context,
  source: SourceRecord,
  deliveryId: string,
  { type, payload }: NewSourceTest,
): Promise<SampleDelivery> {
  const { projectId, scheme } = source;
  const nowMs = ctx.clock.now();
  const moment = { id: deliveryId, nowMs, url: signedUrlOf(ctx, source) };
  const own = providers.get(source.provider)?.sample ?? plainSample;
  const filled: ProviderSample = payload === undefined ? own : { ...own, body: payload as SampleObject };
  const sample = type === undefined ? filled : withEventType(scheme, filled, type);
  let why = "The source has no live secret";
  for (const secret of await selectLiveSourceSecrets(ctx.db, [source.id], new Date(nowMs))) {
    const delivery = signSample(scheme, openSourceSecret(ctx.secretBox, projectId, secret), moment, sample);
    if (delivery.ok) return delivery;
    why = delivery.message;
  }
  throw new ConflictError("not_signable", `${why}, so no event can be signed as the provider would`);
}

function shown({ scheme }: SourceRecord, headers: SampleDelivery["headers"]): Record<string, string> {
  return Object.fromEntries(
    headers.map(([name, value]) => [name, scheme.signatureHeaders.has(name.toLowerCase()) ? "(left out)" : value]),
  );
}

function unknownSource(): NotFoundError {
  return new NotFoundError("There is no such source in this project");
}

function invalid(path: string, message: string): InvalidError {
  return new InvalidError(`${path} ${message}`, [{ path, message }]);
}
