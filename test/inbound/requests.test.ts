import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { exchange, type Header, headerOf, headOf, type RawAnswer, request } from "./raw-http.ts";
import { custom, github, openSource, type SenderSource, storedOf } from "./senders.ts";

const limit = 1_000;
const headersTimeoutSeconds = 0.3;
const requestTimeoutSeconds = 0.6;

/** A body of chunks, as `Transfer-Encoding: chunked` has it. */
function chunked(body: Buffer, size: number): Buffer {
  const chunks: Buffer[] = [];
  for (let start = 0; start < body.length; start += size) {
    const chunk = body.subarray(start, start + size);
    chunks.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n"));
  }
  return Buffer.concat([...chunks, Buffer.from("0\r\n\r\n")]);
}

const isChunked: Header[] = [
  ["Transfer-Encoding", "chunked"],
  ["Connection", "close"],
];

describe("bad input, rows 34-49: requests", () => {
  let test: TestHub;
  let source: SenderSource;
  before(async () => {
    test = await startTestHub({ settings: { inbound: { headersTimeoutSeconds, requestTimeoutSeconds } } });
    source = await openSource(test, github, { bodyLimitBytes: limit });
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  const padded = (bytes: number): string =>
    JSON.stringify({ text: "x".repeat(bytes - JSON.stringify({ text: "" }).length) });

  function expectProblem(answer: RawAnswer, status: number, code: string): void {
    assert.equal(answer.status, status, answer.body);
    assert.equal(JSON.parse(answer.body).code, code);
    assert.match(headerOf(answer, "Content-Type") ?? "", /^application\/problem\+json/);
  }

  async function isStillServing(): Promise<void> {
    storedOf(await source.send());
  }

  it("34: a body of the size limit is stored, by length and chunked; one byte more is a 413", async () => {
    storedOf(await source.send({ body: padded(limit) }));
    expectProblem(await source.send({ body: padded(limit + 1) }), 413, "payload_too_large");
    for (const [bytes, status] of [
      [limit, 200],
      [limit + 1, 413],
    ] as const)
      for (const size of [1, 100, 100_000]) {
        const { headers, body } = source.sign({ body: padded(bytes) });
        const answer = await exchange(
          source.url,
          headOf("POST", source.url, [...headers, ...isChunked]),
          chunked(body, size),
        );
        assert.equal(answer.status, status, `${bytes} bytes in chunks of ${size}`);
      }
  });

  it("34: far more than the limit is a 413 that its sender can read, and is not kept", async () => {
    const large = padded(20_000_000);
    const before = process.memoryUsage().arrayBuffers;
    expectProblem(await source.send({ body: large }), 413, "payload_too_large");
    const { headers, body } = source.sign({ body: large });
    const head = headOf("POST", source.url, [...headers, ...isChunked]);
    expectProblem(await exchange(source.url, head, chunked(body, 65_536)), 413, "payload_too_large");
    // The test's own copies of the body are some 60 MB, and what is garbage does not count.
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)();
    assert.ok(process.memoryUsage().arrayBuffers - before < 100_000_000);
  });

  it("35: a compressed body is a 415, a bomb too, and nothing is inflated", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    for (const [encoding, body] of [
      ["gzip", gzipSync("{}")],
      ["gzip", bomb.subarray(0, limit)],
      ["deflate", Buffer.from("{}")],
      ["x-gzip", Buffer.from("{}")],
      ["gzip, identity", Buffer.from("{}")],
    ] as const) {
      const alter = (headers: Header[]): Header[] => [...headers, ["Content-Encoding", encoding]];
      expectProblem(await source.send({ body, alter }), 415, "unsupported_media_type");
    }
    storedOf(await source.send({ alter: (headers) => [...headers, ["Content-Encoding", "identity"]] }));
  });

  it("36: br is a 415", async () => {
    const alter = (headers: Header[]): Header[] => [...headers, ["Content-Encoding", "br"]];
    expectProblem(await source.send({ body: brotliCompressSync("{}"), alter }), 415, "unsupported_media_type");
  });

  it("40: two ways to tell where the body ends, or a NUL in a header, are a 400", async () => {
    const { headers, body } = source.sign();
    const length = String(body.length);
    for (const [what, extra] of [
      ["CL and TE", [["Content-Length", length], ...isChunked]],
      ["TE and CL", [...isChunked, ["Content-Length", length]]],
      [
        "two lengths",
        [
          ["Content-Length", length],
          ["Content-Length", "5"],
        ],
      ],
      ["a list of lengths", [["Content-Length", `${length}, 5`]]],
      ["a negative length", [["Content-Length", "-1"]]],
      ["a length with a sign", [["Content-Length", `+${length}`]]],
      ["chunked twice", [["Transfer-Encoding", "chunked, chunked"]]],
      ["an unknown coding last", [["Transfer-Encoding", "chunked, identity"]]],
      [
        "a NUL",
        [
          ["Content-Length", length],
          ["X-Text", "a\0b"],
        ],
      ],
      [
        "a bare CR",
        [
          ["Content-Length", length],
          ["X-Text", "a\rb"],
        ],
      ],
      [
        "a bare LF",
        [
          ["Content-Length", length],
          ["X-Text", "a\nContent-Length: 5"],
        ],
      ],
      ["a space before the colon", [["Content-Length ", length]]],
    ] as const satisfies readonly (readonly [string, readonly Header[]])[]) {
      const answer = await exchange(source.url, headOf("POST", source.url, [...headers, ...extra]), body);
      assert.equal(answer.status, 400, what);
    }
    await isStillServing();
  });

  it("41: headers of 20 kB are a 431", async () => {
    for (const value of ["x".repeat(20_000), "x ".repeat(10_000)])
      assert.equal((await source.send({ alter: (headers) => [["X-Text", value], ...headers] })).status, 431);
    await isStillServing();
  });

  it("42: 2,000 headers are a 4xx, wherever the signature stands among them", async () => {
    const many = Array.from({ length: 2_000 }, (_, index): Header => [`x${index}`, ""]);
    for (const alter of [(headers: Header[]) => [...many, ...headers], (headers: Header[]) => [...headers, ...many]])
      assert.equal((await source.send({ alter })).status, 431);
    const fewer = many.slice(0, 150);
    storedOf(await source.send({ alter: (headers) => [...fewer, ...headers] }));
  });

  it("43: slow headers and slow bodies are a 408", async () => {
    const { headers, body } = source.sign();
    const whole = headOf("POST", source.url, [...headers, ["Content-Length", String(body.length)]]);
    const started = performance.now();
    const answers = await Promise.all([
      exchange(source.url, whole.subarray(0, -10)),
      exchange(source.url, "POST /in"),
      exchange(source.url, whole, body.subarray(0, 5)),
      exchange(source.url, whole),
      exchange(source.url, headOf("POST", source.url, [...headers, ...isChunked]), "5\r\nhello\r\n"),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [408, 408, 408, 408, 408],
    );
    // Looked at once a second.
    assert.ok(performance.now() - started < 4_000);
    await isStillServing();
  });

  it("44: any other method is a 405 with Allow", async () => {
    const { headers, body } = source.sign();
    for (const method of ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "PROPFIND"]) {
      const answer = await request(
        method,
        source.url,
        headers,
        method === "GET" || method === "HEAD" ? undefined : body,
      );
      assert.deepEqual([answer.status, headerOf(answer, "Allow")], [405, "POST"], method);
      if (method !== "HEAD") expectProblem(answer, 405, "method_not_allowed");
    }
  });

  it("48: X-Forwarded-For does not change what a sender is counted as", async () => {
    const unknown = `${test.url}/in/src_01h2xcejqtf2nbrexx3vqjhp41`;
    const statuses = new Map<number, number>();
    for (let count = 0; count < 230; count += 1) {
      const forwarded: Header[] = [
        ["X-Forwarded-For", `203.0.113.${count}`],
        ["Forwarded", `for=203.0.113.${count}`],
        ["X-Real-IP", `203.0.113.${count}`],
      ];
      const { status } = await request("POST", unknown, forwarded);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    // The window may have begun anew once in between.
    assert.deepEqual([...statuses.keys()], [404, 429]);
    await isStillServing();
  });

  it("49: Host and X-Forwarded-Host do not change the URL that is signed", async () => {
    const signing = await openSource(test, custom);
    const evil = signing.url.replace(/\/\/[^/]+/, "//evil.example");
    const spoofed: Header[] = [
      ["X-Forwarded-Host", "evil.example"],
      ["X-Forwarded-Proto", "http"],
      ["Forwarded", "host=evil.example"],
    ];
    const send = async (signedUrl: string): Promise<number> => {
      const { headers, body } = signing.sign({ url: signedUrl });
      const path = new URL(signing.url).pathname;
      const lines = [...headers, ...spoofed, ["Content-Length", String(body.length)], ["Connection", "close"]];
      const head = [
        `POST ${path} HTTP/1.1`,
        "Host: evil.example",
        ...lines.map(([name, value]) => `${name}: ${value}`),
      ];
      return (await exchange(signing.url, `${head.join("\r\n")}\r\n\r\n`, body)).status;
    };
    assert.equal(await send(evil), 401);
    assert.equal(await send(signing.url), 200);
    const verification = { ...custom.verification, url: "https://hooks.example/elsewhere" };
    await test.call("PATCH", `/api/v1/sources/${signing.id}`, { verification });
    assert.equal(await send(signing.url), 401);
    assert.equal(await send("https://hooks.example/elsewhere"), 200);
  });
});
