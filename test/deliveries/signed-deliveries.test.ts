import assert from "node:assert/strict";
import { createHmac, createPublicKey, verify } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { getEndpoint } from "../../src/endpoints/get-endpoint.ts";
import { rotateEndpointKey } from "../../src/endpoints/rotate-endpoint-secret.ts";
import { updateEndpoint } from "../../src/endpoints/update-endpoint.ts";
import { tablesWith } from "../support/database-contents.ts";
import { startDeliveryStage } from "../support/delivery-stage.ts";
import { type ReceivedRequest, startReceiver } from "../support/receiver.ts";

/** Which of these public keys made a v1a signature of the request. */
function signersOf({ headers, body }: ReceivedRequest, publicKeys: readonly string[]): string[] {
  const signatures = String(headers["webhook-signature"])
    .split(" ")
    .filter((signature) => signature.startsWith("v1a,"))
    .map((signature) => Buffer.from(signature.slice(4), "base64"));
  const signed = Buffer.from(`${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`);
  return publicKeys.filter((text) => {
    const x = Buffer.from(text.slice("whpk_".length), "base64").toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return signatures.some((signature) => verify(null, signed, key, signature));
  });
}

describe("a delivery to an endpoint with a key of its own", () => {
  it("is signed by all live keys while one is replaced, and by the new one alone afterwards", async () => {
    await using receiver = await startReceiver();
    await using stage = await startDeliveryStage();
    const { ctx } = stage;
    const { id, secret } = await stage.addEndpoint(receiver.url, { signing: { ed25519: true } });
    stage.startPump();
    const send = async (): Promise<ReceivedRequest> => {
      await stage.announceMany(1);
      await stage.processAll();
      const request = receiver.requests.at(-1);
      assert.ok(request !== undefined);
      new Webhook(secret).verify(request.body, request.headers as Record<string, string>);
      return request;
    };
    const first = (await getEndpoint(ctx, id)).publicKey ?? "";
    assert.match(first, /^whpk_[A-Za-z0-9+/]{43}=$/);
    assert.deepEqual(signersOf(await send(), [first]), [first]);

    const second = (await rotateEndpointKey(ctx, id, { expiresPreviousInSeconds: 60 })).publicKey ?? "";
    assert.notEqual(second, first);
    assert.deepEqual(signersOf(await send(), [first, second]), [first, second]);
    stage.clock.advanceBy(61);
    assert.deepEqual(signersOf(await send(), [first, second]), [second]);

    const off = await updateEndpoint(ctx, id, { signing: null });
    assert.deepEqual([off.signing, off.publicKey], [undefined, second]);
    assert.deepEqual(signersOf(await send(), [second]), []);
    const on = await updateEndpoint(ctx, id, { signing: { ed25519: true } });
    assert.equal(on.publicKey, second, "its key is kept");
    assert.deepEqual(signersOf(await send(), [second]), [second]);
    assert.deepEqual(await tablesWith(ctx, second), ["public.endpoints"]);
  });

  it("has none to replace when it never asked for one", async () => {
    await using stage = await startDeliveryStage();
    const { id } = await stage.addEndpoint("https://receiver.example/");
    await assert.rejects(rotateEndpointKey(stage.ctx, id, {}), { code: "no_key" });
  });
});

describe("a delivery to an endpoint with headers of its own", () => {
  it("carries them as they are set, in what is sent and in the attempt's record", async () => {
    await using receiver = await startReceiver();
    await using stage = await startDeliveryStage();
    const raw = { header: "X-Hub-Signature-256", prefix: "sha256=" };
    const { secret } = await stage.addEndpoint(receiver.url, {
      headers: { "x-hub-signature-256": "forged", "svix-id": "forged" },
      signing: { headerPrefix: "svix-", raw, rfc9421: true },
    });
    stage.startPump();
    await stage.announceMany(1);
    await stage.processAll();
    const [{ headers, body } = { headers: {}, body: "" }] = receiver.requests;
    assert.equal(headers["webhook-id"], undefined);
    const standard = ["id", "timestamp", "signature"].map((name) => [
      `webhook-${name}`,
      String(headers[`svix-${name}`]),
    ]);
    new Webhook(secret).verify(body, Object.fromEntries(standard));
    const expected = createHmac("sha256", secret).update(body).digest("hex");
    assert.equal(headers["x-hub-signature-256"], `sha256=${expected}`);
    assert.match(
      String(headers["signature-input"]),
      /^hookyard1=\("@method" "@target-uri" "content-digest" "svix-id" "svix-timestamp"\)/,
    );
    assert.match(String(headers["signature"]), /^hookyard1=:/);
    const [attempt] = await stage.attempts();
    assert.equal(attempt?.request_headers["svix-signature"], headers["svix-signature"]);
  });
});
