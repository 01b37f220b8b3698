import assert from "node:assert/strict";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import type { Header } from "./raw-http.ts";
import {
  type Delivery,
  github,
  openSource,
  type Sender,
  type SenderSource,
  senders,
  slack,
  standardWebhooks,
  storedOf,
  stripe,
  svix,
} from "./senders.ts";

/** A delivery that fails for one reason; `nowSeconds` is the time at which it is sent. */
type BadDelivery = (nowSeconds: number) => Delivery;
type Case = readonly [rows: string, what: string, delivery: BadDelivery];

/** Changes the value of each header of this name. */
function edit(name: string, change: (value: string) => string): BadDelivery {
  const alter = (headers: Header[]): Header[] =>
    headers.map(([key, value]) => [key, key.toLowerCase() === name.toLowerCase() ? change(value) : value]);
  return () => ({ alter });
}

function timestamp(of: (nowSeconds: number) => string): BadDelivery {
  return (nowSeconds) => ({ timestamp: of(nowSeconds) });
}

function everySender({ signatureHeader, otherSecret }: Sender): Case[] {
  const isSignature = ([name]: Header): boolean => name.toLowerCase() === signatureHeader.toLowerCase();
  return [
    ["1", "no signature", () => ({ alter: (headers) => headers.filter((header) => !isSignature(header)) })],
    ["2", "the wrong secret", () => ({ secret: otherSecret })],
    [
      "3",
      "one byte of the body changed",
      () => ({ replaceBody: (body) => Buffer.from(body.toString().replace("type", "typo").replace("open", "opon")) }),
    ],
    ["4", "a truncated signature", edit(signatureHeader, (value) => value.slice(0, -4))],
    ["4", "an empty signature", edit(signatureHeader, () => "")],
    ["4", "an endless signature", edit(signatureHeader, (value) => value + value.slice(-8).repeat(500))],
    ["8", "a repeated signature header", () => ({ alter: (headers) => [...headers, ...headers.filter(isSignature)] })],
    [
      "8",
      "a good signature after a bad one",
      () => ({
        alter: (headers) => [
          ...headers.filter(isSignature).map(([name, value]): Header => [name, value.replace(/.{4}$/, "0000")]),
          ...headers,
        ],
      }),
    ],
  ];
}

/** What each form that a timestamp must not have looks like. */
const badTimestamps: readonly Case[] = [
  ["11", "a timestamp that is too old", timestamp((now) => String(now - 310))],
  ["12", "a timestamp in the future", timestamp((now) => String(now + 310))],
  ["13", "a timestamp with letters", timestamp((now) => `${now}abc`)],
  ["13", "a timestamp in hex", timestamp((now) => `0x${now.toString(16)}`)],
  ["13", "a float as the timestamp", timestamp((now) => `${now}.5`)],
  ["13", "a negative timestamp", timestamp((now) => `-${now}`)],
  ["13", "milliseconds as the timestamp", timestamp((now) => `${now}000`)],
  ["13", "an empty timestamp", timestamp(() => "")],
];

function standard(family: string): Case[] {
  const header = `${family}-signature`;
  return [
    ["4", "v1, and nothing", edit(header, () => "v1,")],
    [
      "6",
      "hex where base64 is expected",
      edit(header, (v) => `v1,${Buffer.from(v.slice(3), "base64").toString("hex")}`),
    ],
    ["7", "base64 without its padding", edit(header, (value) => value.replace(/=+$/, ""))],
    // The last character before the padding has two spare bits, which must be zero.
    ["7", "base64 with spare bits", edit(header, (value) => value.replace(/.=$/, (end) => `${nextCharacter(end)}=`))],
    ["7", "base64 for URLs", edit(header, (value) => `${value.replaceAll("+", "-").replaceAll("/", "_")}_`)],
    ["9", "more than ten signatures", edit(header, (value) => `${"v1,AAAA ".repeat(10)}${value}`)],
    ["10", "only unknown versions", edit(header, (value) => `v2${value.slice(2)} v1b${value.slice(2)}`)],
    ["10", "no version", edit(header, (value) => value.slice(3))],
    ["15", "an id with a dot", () => ({ id: "msg_1.2" })],
    ["15", "an id with a space", () => ({ id: "msg 1" })],
    ["15", "no id", () => ({ id: "" })],
    ...badTimestamps,
  ];
}

function nextCharacter(end: string): string {
  return String.fromCharCode(end.charCodeAt(0) + 1);
}

const ownCases = new Map<Sender, readonly Case[]>([
  [
    github,
    [
      ["5", "a downgrade to sha1=", edit("X-Hub-Signature-256", (value) => value.replace("sha256=", "sha1="))],
      ["5", "no prefix", edit("X-Hub-Signature-256", (value) => value.slice("sha256=".length))],
      [
        "5",
        "only the SHA-1 header",
        () => ({
          alter: (headers) => headers.map(([name, value]) => [name.replace("-Signature-256", "-Signature"), value]),
        }),
      ],
      [
        "6",
        "base64 where hex is expected",
        edit("X-Hub-Signature-256", (value) => `sha256=${Buffer.from(value.slice(7), "hex").toString("base64")}`),
      ],
    ],
  ],
  [
    stripe,
    [
      ["9", "more than ten signatures", edit("Stripe-Signature", (value) => `${value}${",v1=00".repeat(10)}`)],
      ["10", "only the test version v0", edit("Stripe-Signature", (value) => value.replace("v1=", "v0="))],
      ["14", "two t=", edit("Stripe-Signature", (value) => `${value},t=1614265330`)],
      ["14", "the same t= twice", edit("Stripe-Signature", (value) => `${value.split(",")[0]},${value}`)],
      ["14", "no t=", edit("Stripe-Signature", (value) => value.split(",")[1] ?? "")],
      ...badTimestamps,
    ],
  ],
  [
    slack,
    [
      ["5", "another version's prefix", edit("X-Slack-Signature", (value) => value.replace("v0=", "v1="))],
      [
        "14",
        "two timestamp headers",
        () => ({ alter: (headers) => [...headers, ["X-Slack-Request-Timestamp", "1614265330"]] }),
      ],
      ...badTimestamps,
    ],
  ],
  [standardWebhooks, standard("webhook")],
  [svix, standard("svix")],
]);

describe("bad input, rows 1-15: signatures", () => {
  let test: TestHub;
  before(async () => {
    test = await startTestHub();
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  for (const sender of senders)
    describe(sender.provider, () => {
      let source: SenderSource;
      before(async () => {
        source = await openSource(test, sender);
      });

      for (const [rows, what, delivery] of [...everySender(sender), ...(ownCases.get(sender) ?? [])])
        it(`${rows}: ${what} is a 401 that says nothing`, async () => {
          const { status, body } = await source.send(delivery(Math.floor(test.clock.now() / 1000)));
          const problem = { type: "about:blank", status: 401, title: "Unauthorized", code: "unverified" };
          assert.deepEqual([status, JSON.parse(body)], [401, problem]);
        });

      it("accepts what is signed as it should be, and nothing was stored before", async () => {
        const { eventId } = storedOf(await source.send());
        const events = await test.call("GET", `/api/v1/events?sourceId=${source.id}`);
        assert.deepEqual(
          events.body.data.map((event: { id: string }) => event.id),
          [eventId],
        );
      });
    });
});
