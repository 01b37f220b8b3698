import assert from "node:assert/strict";
import { accepts, fits } from "./pattern.ts";

describe("an operator of Amazon EventBridge's documentation", () => {
  it("prefix", () => {
    assert.equal(accepts([{ prefix: "2017-10-02" }], "2017-10-02T18:43:48Z"), true);
    assert.equal(accepts([{ prefix: "2017-10-02" }], "2017-10-03T18:43:48Z"), false);
    assert.equal(accepts([{ prefix: "1" }], 12), false);
    for (const service of ["EventBridge", "EVENTBRIDGE", "eventbridge", "eventb"]) {
      assert.equal(accepts([{ prefix: { "equals-ignore-case": "EventB" } }], service), true);
    }
    assert.equal(accepts([{ prefix: { "equals-ignore-case": "EventB" } }], "event"), false);
  });

  it("suffix", () => {
    assert.equal(accepts([{ suffix: ".png" }], "a/b.png"), true);
    assert.equal(accepts([{ suffix: ".png" }], "a/b.PNG"), false);
    assert.equal(accepts([{ suffix: { "equals-ignore-case": ".png" } }], "a/b.PnG"), true);
    assert.equal(accepts([{ suffix: { "equals-ignore-case": ".png" } }], "png"), false);
  });

  it("equals-ignore-case", () => {
    const values = [{ "equals-ignore-case": "ec2 instance state-change notification" }];
    assert.equal(accepts(values, "EC2 Instance State-change Notification"), true);
    assert.equal(accepts(values, "EC2 Instance State-change"), false);
    assert.equal(accepts([{ "equals-ignore-case": "οδοσ" }], "ΟΔΟΣ"), true);
    assert.equal(accepts([{ "equals-ignore-case": "ß" }], "SS"), false);
  });

  it("anything-but a text, a number, or a list of them", () => {
    assert.equal(accepts([{ "anything-but": "initializing" }], "running"), true);
    assert.equal(accepts([{ "anything-but": "initializing" }], "initializing"), false);
    assert.equal(accepts([{ "anything-but": 123 }], 124), true);
    assert.equal(accepts([{ "anything-but": 123 }], 123), false);
    assert.equal(accepts([{ "anything-but": 123 }], "123"), true);
    assert.equal(accepts([{ "anything-but": ["stopped", "overloaded"] }], "running"), true);
    assert.equal(accepts([{ "anything-but": ["stopped", "overloaded"] }], "overloaded"), false);
    assert.equal(accepts([{ "anything-but": [100, 200, 300] }], 150), true);
    assert.equal(accepts([{ "anything-but": [100, 200, 300] }], 200), false);
  });

  it("anything-but an operator", () => {
    for (const [operator, excluded, other] of [
      [{ "equals-ignore-case": "initializing" }, "INITIALIZING", "running"],
      [{ "equals-ignore-case": ["initializing", "stopped"] }, "Stopped", "running"],
      [{ prefix: "init" }, "initializing", "running"],
      [{ prefix: ["init", "error"] }, "errored", "running"],
      [{ suffix: ".txt" }, "a.txt", "a.rtf"],
      [{ suffix: [".txt", ".rtf"] }, "a.rtf", "a.md"],
      [{ wildcard: "*/lib/*" }, "/usr/lib/x", "/usr/bin/x"],
      [{ wildcard: ["*/lib/*", "*/bin/*"] }, "/usr/bin/x", "/usr/share/x"],
    ] as const) {
      assert.equal(accepts([{ "anything-but": operator }], excluded), false, JSON.stringify(operator));
      assert.equal(accepts([{ "anything-but": operator }], other), true, JSON.stringify(operator));
    }
  });

  it("anything-but needs a value to be there", () => {
    assert.equal(fits({ state: [{ "anything-but": "x" }] }, {}), false);
    assert.equal(accepts([{ "anything-but": "x" }], null), true);
    assert.equal(accepts([{ "anything-but": "x" }], []), false);
    assert.equal(accepts([{ "anything-but": "x" }], {}), false);
  });

  it("numeric", () => {
    const pattern = {
      "c-count": [{ numeric: [">", 0, "<=", 5] }],
      "d-count": [{ numeric: ["<", 10] }],
      "x-limit": [{ numeric: ["=", 3.018e2] }],
    };
    const body = { "c-count": 5, "d-count": 3, "x-limit": 301.8 };
    assert.equal(fits(pattern, body), true);
    assert.equal(fits(pattern, { ...body, "c-count": 0 }), false);
    assert.equal(fits(pattern, { ...body, "c-count": 6 }), false);
    assert.equal(fits(pattern, { ...body, "d-count": 10 }), false);
    assert.equal(fits(pattern, { ...body, "d-count": "3" }), false);
    assert.equal(fits(pattern, { ...body, "x-limit": 302 }), false);
    assert.equal(accepts([{ numeric: [">=", 10] }], 10), true);
    assert.equal(accepts([{ numeric: [">=", 10, "<", 20] }], 20), false);
  });

  it("cidr", () => {
    assert.equal(accepts([{ cidr: "10.0.0.0/24" }], "10.0.0.255"), true);
    assert.equal(accepts([{ cidr: "10.0.0.0/24" }], "10.0.1.0"), false);
    assert.equal(accepts([{ cidr: "10.0.0.77/24" }], "10.0.0.3"), true);
    assert.equal(accepts([{ cidr: "2001:db8::/32" }], "2001:DB8:0::1"), true);
    assert.equal(accepts([{ cidr: "2001:db8::/32" }], "2001:db9::1"), false);
    assert.equal(accepts([{ cidr: "10.0.0.0/24" }], "::ffff:10.0.0.1"), true);
    assert.equal(accepts([{ cidr: "0.0.0.0/0" }], "10.1"), false);
    assert.equal(accepts([{ cidr: "0.0.0.0/0" }], "no address"), false);
  });

  it("exists", () => {
    const present = { detail: { "c-count": [{ exists: true }] } };
    const absent = { detail: { "c-count": [{ exists: false }] } };
    for (const value of [5, 0, "", null, false]) {
      assert.equal(fits(present, { detail: { "c-count": value } }), true);
      assert.equal(fits(absent, { detail: { "c-count": value } }), false);
    }
    for (const body of [{ detail: { state: "running" } }, {}, { detail: "text" }, { detail: null }, { detail: [] }]) {
      assert.equal(fits(present, body), false, JSON.stringify(body));
      assert.equal(fits(absent, body), true, JSON.stringify(body));
    }
    assert.equal(accepts([{ exists: false }, "x"], "x"), true);
    assert.equal(accepts([{ exists: false }, "x"], "y"), false);
    assert.equal(fits({ field: [{ exists: false }, "x"] }, {}), true);
  });

  it("wildcard", () => {
    assert.equal(accepts([{ wildcard: "dir/*.png" }], "dir/a/b.png"), true);
    assert.equal(accepts([{ wildcard: "dir/*.png" }], "dir/b.jpg"), false);
    assert.equal(accepts([{ wildcard: "*:event-bus/*" }], "arn:aws:events:us-east-1:1:event-bus/app"), true);
    assert.equal(accepts([{ wildcard: "5\\*2" }], "5*2"), true);
    assert.equal(accepts([{ wildcard: "5\\*2" }], "5x2"), false);
  });

  it("$or", () => {
    const pattern = {
      detail: {
        $or: [
          { "c-count": [{ numeric: [">", 0, "<=", 5] }] },
          { "d-count": [{ numeric: ["<", 10] }] },
          { "x-limit": [{ numeric: ["=", 3.018e2] }] },
        ],
      },
    };
    assert.equal(fits(pattern, { detail: { "c-count": 1, "d-count": 50 } }), true);
    assert.equal(fits(pattern, { detail: { "d-count": 9 } }), true);
    assert.equal(fits(pattern, { detail: { "x-limit": 301.8 } }), true);
    assert.equal(fits(pattern, { detail: { "c-count": 6, "d-count": 10 } }), false);
  });

  it("$or beside other fields, and within itself", () => {
    const pattern = {
      source: ["aws.cloudwatch"],
      $or: [
        { metricName: ["CPUUtilization", "ReadLatency"] },
        {
          metricType: ["MetricType"],
          namespace: ["AWS/EC2", "AWS/ES"],
          $or: [{ metricId: [1234] }, { spaceId: [1000] }],
        },
        { scope: ["Service"] },
      ],
    };
    const source = "aws.cloudwatch";
    const nested = { source, metricType: "MetricType", namespace: "AWS/ES" };
    assert.equal(fits(pattern, { source, metricName: "ReadLatency" }), true);
    assert.equal(fits(pattern, { source, scope: "Service" }), true);
    assert.equal(fits(pattern, { ...nested, spaceId: 1000 }), true);
    assert.equal(fits(pattern, nested), false);
    assert.equal(fits(pattern, { metricName: "ReadLatency" }), false);
    assert.equal(fits(pattern, { source }), false);
  });

  it("the complex example", () => {
    const pattern = {
      time: [{ prefix: "2017-10-02" }],
      detail: {
        state: [{ "anything-but": "initializing" }],
        "c-count": [{ numeric: [">", 0, "<=", 5] }],
        "d-count": [{ numeric: ["<", 10] }],
        "x-limit": [{ "anything-but": [100, 200, 300] }],
        "source-ip": [{ cidr: "10.0.0.0/8" }],
      },
    };
    const detail = { "c-count": 5, "d-count": 3, "x-limit": 301.8, "source-ip": "10.0.0.33", state: "running" };
    assert.equal(fits(pattern, { time: "2017-10-02T16:24:49Z", detail }), true);
    assert.equal(
      fits(pattern, { time: "2017-10-02T16:24:49Z", detail: { ...detail, "source-ip": "11.0.0.1" } }),
      false,
    );
  });
});
