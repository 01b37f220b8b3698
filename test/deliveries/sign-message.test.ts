import assert from "node:assert/strict";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import fc from "fast-check";
import { signMessage } from "../../src/deliveries/sign-message.ts";
import { generateEndpointSecret } from "../../src/endpoints/endpoint-secret.ts";

const id = "msg_01k9zk7m8yfxq9w2v3n4b5c6d7";
const payload = Buffer.from(
  '{"type":"task.completed","timestamp":"2026-01-01T00:00:00Z","data":{"text":"héllo 🪝 $& "}}',
);

describe("signMessage", () => {
  it("is verified by the standardwebhooks and svix libraries", () => {
    const secret = generateEndpointSecret();
    const headers = signMessage({ id, sentAt: new Date(), payload, secrets: [secret] });
    assert.deepEqual(new StandardWebhook(secret).verify(payload, { ...headers }), JSON.parse(payload.toString()));
    new SvixWebhook(secret).verify(payload, { ...headers });
  });

  it("signs with every live secret, so that a receiver with either one verifies", () => {
    const secrets = [generateEndpointSecret(), generateEndpointSecret(), generateEndpointSecret()];
    const headers = signMessage({ id, sentAt: new Date(), payload, secrets });
    assert.match(headers["webhook-signature"] ?? "", /^v1,[\w+/]{43}=( v1,[\w+/]{43}=){2}$/);
    for (const secret of secrets) new StandardWebhook(secret).verify(payload, { ...headers });
    assert.throws(() => new StandardWebhook(generateEndpointSecret()).verify(payload, { ...headers }));
  });

  it("gives the example of the Standard Webhooks specification", () => {
    const headers = signMessage({
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      sentAt: new Date(1_614_265_330_999),
      payload: Buffer.from('{"test": 2432232314}'),
      secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    });
    assert.deepEqual(headers, {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  it("verifies for any JSON payload, and not once a byte is changed", () => {
    const secret = generateEndpointSecret();
    fc.assert(
      fc.property(fc.json(), (json) => {
        const body = Buffer.from(json);
        const headers = signMessage({ id, sentAt: new Date(), payload: body, secrets: [secret] });
        new StandardWebhook(secret).verify(body, { ...headers });
        const changed = Buffer.concat([body, Buffer.from(" ")]);
        assert.throws(() => new StandardWebhook(secret).verify(changed, { ...headers }));
      }),
    );
  });
});
