import { paypalDelivery } from "./paypal-delivery.ts";

/** A delivery that somebody else signed: the provider itself, its documentation, or its own library's tests. */
export interface RecordedOracle {
  readonly provider: string;
  readonly from: string;
  readonly secret: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds since the Unix epoch; default: that of a signature without a time. */
  readonly atMs?: number;
  readonly url?: string;
  readonly query?: string;
  /** What the provider's certificate URL answered with. */
  readonly certificate?: string;
  readonly deliveryId?: string;
  readonly eventType?: string;
}

const standardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const hubspotSecret = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
const hubspotEvents =
  '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]';

const boxFile = (name: string) =>
  `{"webhook":{"id":"1234567890"},"trigger":"FILE.UPLOADED","source":{"id":"1234567890","type":"file","name":"${name}"}}`;

function box(body: string, signature: Readonly<Record<string, string>>, secret = "SamplePrimaryKey"): RecordedOracle {
  return {
    provider: "box",
    from: "the tests of box-node-sdk 10.12.0",
    secret,
    headers: {
      "box-delivery-id": "f96bb54b-ee16-4fc5-aa65-8c2d9e5b546f",
      "box-delivery-timestamp": "2020-01-01T00:00:00-07:00",
      "box-signature-algorithm": "HmacSHA256",
      "box-signature-version": "1",
      ...signature,
    },
    body,
    atMs: Date.parse("2020-01-01T07:00:00Z"),
    deliveryId: "f96bb54b-ee16-4fc5-aa65-8c2d9e5b546f",
    eventType: "FILE.UPLOADED",
  };
}

const boxFirst =
  '{"type":"webhook_event","webhook":{"id":"1234567890"},"trigger":"FILE.UPLOADED","source":{"id":"1234567890","type":"file","name":"Test.txt"}}';

export const recordedOracles: readonly RecordedOracle[] = [
  {
    provider: "github",
    from: "its documentation",
    secret: "It's a Secret to Everybody",
    headers: {
      "content-type": "text/plain",
      "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    },
    body: "Hello, World!",
  },
  {
    provider: "bitbucket",
    from: "its documentation",
    secret: "It's a Secret to Everybody",
    headers: {
      "content-type": "text/plain",
      "x-hub-signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
    },
    body: "Hello World!",
  },
  {
    provider: "jira",
    from: "Atlassian's documentation",
    secret: "It's a Secret to Everybody",
    headers: {
      "content-type": "text/plain",
      "x-hub-signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
    },
    body: "Hello World!",
  },
  {
    provider: "pagerduty",
    from: "the tests of go-pagerduty",
    secret: "lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK",
    headers: { "x-pagerduty-signature": "v1=0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07dd2bc5476cd" },
    body: '{"event":{"id":"01BWDWL3NYY7LUFPZCC28QUCMK","event_type":"incident.priority_updated","resource_type":"incident","occurred_at":"2021-04-26T17:36:27.458Z","agent":{"html_url":"https://acme.pagerduty.com/users/PLH1HKV","id":"PLH1HKV","self":"https://api.pagerduty.com/users/PLH1HKV","summary":"Tenex Engineer","type":"user_reference"},"client":null,"data":{"id":"PGR0VU2","type":"incident","self":"https://api.pagerduty.com/incidents/PGR0VU2","html_url":"https://acme.pagerduty.com/incidents/PGR0VU2","number":2,"status":"triggered","title":"A little bump in the road","service":{"html_url":"https://acme.pagerduty.com/services/PF9KMXH","id":"PF9KMXH","self":"https://api.pagerduty.com/services/PF9KMXH","summary":"API Service","type":"service_reference"},"assignees":[{"html_url":"https://acme.pagerduty.com/users/PTUXL6G","id":"PTUXL6G","self":"https://api.pagerduty.com/users/PTUXL6G","summary":"User 123","type":"user_reference"}],"escalation_policy":{"html_url":"https://acme.pagerduty.com/escalation_policies/PUS0KTE","id":"PUS0KTE","self":"https://api.pagerduty.com/escalation_policies/PUS0KTE","summary":"Default","type":"escalation_policy_reference"},"teams":[{"html_url":"https://acme.pagerduty.com/teams/PFCVPS0","id":"PFCVPS0","self":"https://api.pagerduty.com/teams/PFCVPS0","summary":"Engineering","type":"team_reference"}],"priority":{"html_url":"https://acme.pagerduty.com/account/incident_priorities","id":"PSO75BM","self":"https://api.pagerduty.com/priorities/PSO75BM","summary":"P1","type":"priority_reference"},"urgency":"high","conference_bridge":{"conference_number":1000,"conference_url":"https://example.com"},"resolve_reason":null}}}',
    deliveryId: "01BWDWL3NYY7LUFPZCC28QUCMK",
    eventType: "incident.priority_updated",
  },
  {
    provider: "twitch",
    from: "the tests of helix, a Go client of its API",
    secret: "s3cRe7",
    headers: {
      "twitch-eventsub-message-id": "e76c6bd4-55c9-4987-8304-da1588d8988b",
      "twitch-eventsub-message-timestamp": "2019-11-16T10:11:12.123Z",
      "twitch-eventsub-message-signature": "sha256=7e5a96480c29cdf834b371e7a5b049638cba6e425ea51b9b2a9fabf69bc5d227",
    },
    body: '{"challenge":"pogchamp-kappa-360noscope-vohiyo","subscription":{"id":"f1c2a387-161a-49f9-a165-0f21d7a4e1c4","status":"webhook_callback_verification_pending","type":"channel.follow","version":"1","condition":{"broadcaster_user_id":"12826"},"transport":{"method":"webhook","callback":"https://example.com/webhooks/callback"},"created_at":"2019-11-16T10:11:12.123Z"}}',
    atMs: Date.parse("2019-11-16T10:11:12.123Z"),
  },
  {
    provider: "slack",
    from: "its documentation",
    secret: "8f742231b10e8888abcd99yyyzzz85a5",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-slack-request-timestamp": "1531420618",
      "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    },
    body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
    atMs: 1_531_420_618_000,
    deliveryId: "398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
    eventType: "/webhook-collect",
  },
  {
    provider: "stripe",
    from: "a published vector",
    secret: "whsec_test_secret",
    headers: {
      "stripe-signature": "t=1614265330,v1=af4ead0627a34a8cca29808e8de9ada8e41a92e6237c63cef6eacf51d36cca34",
    },
    body: '{\n  "id": "evt_test_webhook",\n  "object": "event"\n}',
    atMs: 1_614_265_330_000,
    deliveryId: "evt_test_webhook",
  },
  {
    provider: "standard-webhooks",
    from: "the specification, v1",
    secret: standardSecret,
    headers: {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    body: '{"test": 2432232314}',
    atMs: 1_614_265_330_000,
    deliveryId: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  },
  {
    provider: "standard-webhooks",
    from: "the specification, v1a",
    secret: "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
    headers: {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature":
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
    },
    body: '{"test": 2432232314}',
    atMs: 1_614_265_330_000,
  },
  {
    provider: "openai",
    from: "openai 7.55.0, whose verifier takes it",
    secret: standardSecret,
    headers: {
      "webhook-id": "wh_685342e6c53c8190a1be43f081506c52",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,PMnSZIf1rIv+oAzbh/Il/AN0DFyMrCmqdBTJ4ML0u50=",
    },
    body: '{"id":"evt_685343a1381c819085d44c354e1b330e","object":"event","type":"response.completed","data":{"id":"resp_abc123"}}',
    atMs: 1_614_265_330_000,
    deliveryId: "wh_685342e6c53c8190a1be43f081506c52",
    eventType: "response.completed",
  },
  {
    provider: "shopify",
    from: "@shopify/shopify-api 15.0.0, which made it",
    secret: "hush",
    headers: {
      "x-shopify-hmac-sha256": "xIPjOJ5UJ9zRqy5xL63qMxFKy3ixRxA+W1rmIKh87eM=",
      "x-shopify-topic": "orders/create",
      "x-shopify-event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
    },
    body: '{"id":5678901234,"name":"#9999"}',
    deliveryId: "98880550-7158-44d4-b7cd-2c97c8a091b5:orders/create",
    eventType: "orders/create",
  },
  {
    provider: "square",
    from: "square 46.0.0, which made it",
    secret: "asdf1234",
    headers: { "x-square-hmacsha256-signature": "LuI17tGpnNK1MdjI52DUg103f6wuuAnFHXIwf1tV7ro=" },
    body: '{"merchant_id":"6SSW7HV8K2ST5","type":"payment.created","event_id":"13b867cf-db3d-4b1c-90b6-2f32a9d78124"}',
    url: "https://www.example.com/webhooks",
    deliveryId: "13b867cf-db3d-4b1c-90b6-2f32a9d78124",
    eventType: "payment.created",
  },
  {
    provider: "hubspot",
    from: "@hubspot/api-client 14.0.1, which made it",
    secret: hubspotSecret,
    headers: {
      "x-hubspot-signature-v3": "WZy+kuiV0Mx8GFdqA5e43Vqk1Nbx72906QCM1Bmx98M=",
      "x-hubspot-request-timestamp": "1614265330000",
    },
    body: hubspotEvents,
    url: "https://www.example.com/webhook_uri",
    atMs: 1_614_265_330_000,
    deliveryId: "1:12345:1564113600000",
    eventType: "contact.creation",
  },
  {
    provider: "hubspot-legacy",
    from: "the tests of @hubspot/api-client 14.0.1, v1",
    secret: hubspotSecret,
    headers: { "x-hubspot-signature": "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de" },
    body: hubspotEvents,
    deliveryId: "1:12345:1564113600000",
    eventType: "contact.creation",
  },
  {
    provider: "hubspot-legacy",
    from: "the tests of @hubspot/api-client 14.0.1, v2",
    secret: hubspotSecret,
    headers: { "x-hubspot-signature": "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900" },
    body: '{"example_field":"example_value"}',
    url: "https://www.example.com/webhook_uri",
  },
  {
    provider: "sendgrid",
    from: "SendGrid, as the tests of @sendgrid/eventwebhook 8.0.0 keep it",
    secret:
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
    headers: {
      "x-twilio-email-event-webhook-signature":
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
      "x-twilio-email-event-webhook-timestamp": "1600112502",
    },
    body: '[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n',
    atMs: 1_600_112_503_000,
    deliveryId: "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
    eventType: "dropped",
  },
  {
    provider: "twilio",
    from: "its documentation",
    secret: "12345",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
    },
    body: "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212",
    url: "https://mycompany.com/myapp.php?foo=1&bar=2",
  },
  {
    provider: "twilio",
    from: "twilio 6.2.0, which made it (with the port, and a repeated parameter)",
    secret: "12345",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": "Ik+F1mn3mBr9pUz44lHFcODAEXs=",
    },
    body: "MessageSid=SM1&SmsStatus=received&Body=Ahoy+%26+good+morning+%C3%BC&MediaUrl=b&MediaUrl=a&MediaUrl=b&_x=1&Zed=2&aed=3",
    url: "https://hub.example/in/src_1",
    deliveryId: "SM1:received",
    eventType: "received",
  },
  {
    provider: "twilio",
    from: "twilio 6.2.0, which made it (JSON)",
    secret: "12345",
    headers: { "x-twilio-signature": "flDF0SqvDjM7HoM/KcAzaGTYNT4=" },
    body: '[{"specversion":"1.0","type":"com.twilio.messaging.message.sent","id":"EZ1"}]',
    url: "https://hub.example/in/src_1",
    query: "bodySHA256=b838af860a806f17a4c560a56b4cc4038377d2672ddc00c1c4d011f62e8299c3",
    deliveryId: "EZ1",
    eventType: "com.twilio.messaging.message.sent",
  },
  paypalDelivery,
  {
    provider: "adyen",
    from: "@adyen/api-library 32.1.0, which made it",
    secret: "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056",
    headers: { hmacsignature: "/qSJMdFUVJJOvqQ2tfk2cy4MSxYsjf34LW+JbSkXEI0=" },
    body: '{"data":{"id":"EVJN42"},"environment":"test","type":"balancePlatform.accountHolder.created"}',
    eventType: "balancePlatform.accountHolder.created",
  },
  box(boxFirst, { "box-signature-primary": "6TfeAW3A1PASkgboxxA5yqHNKOwFyMWuEXny/FPD5hI=" }),
  box(boxFirst, { "box-signature-secondary": "v+1CD1Jdo3muIcbpv5lxxgPglOqMfsNHPV899xWYydo=" }, "SampleSecondaryKey"),
  // As they go over the wire: with everything beyond ASCII, and each slash, escaped.
  box(boxFile(String.raw`\u30b9\u30af\u30ea\u30fc\u30f3\u30b7\u30e7\u30c3\u30c8 2020-08-05.txt`), {
    "box-signature-primary": "LV2uCu+5NJtIHrCXDYgZ0v/PP5THGRuegw3RtdnEyuE=",
  }),
  box(boxFile(String.raw`\ud83d\ude00 2020-08-05.txt`), {
    "box-signature-primary": "xF/SDZosX4le+v4A0Qn59sZhuD1RqY5KRUKzVMSbh0E=",
  }),
  box(boxFile(String.raw`test \r`), { "box-signature-primary": "SVkbKgy3dEEf2PbbzpNu2lDZS7zZ/aboU7HOZgBGrJk=" }),
  box(boxFile(String.raw`\/`), { "box-signature-primary": "t41PWT5ZB6OcysnD6SDy9Ud+p9hdXxIdXqcdweyZv/Q=" }),
  box(boxFile(String.raw`\\`), { "box-signature-primary": "ERpMZwUQsGDTfj82ehdX6VvDZfvOhK5ULNfVmwVAGe0=" }),
];
