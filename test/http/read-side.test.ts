import assert from "node:assert/strict";
import { encodeCursor } from "../../src/lib/cursor.ts";
import { type IdKind, toWireId } from "../../src/lib/ids.ts";
import { eventBody, type HubWithHistory, startHubWithHistory } from "../support/hub-with-history.ts";

const nobody = (kind: IdKind) => toWireId(kind, "01890a5d-ac96-774b-bcce-b302099a8057");

describe("The calls that read what happened", () => {
  let hub: HubWithHistory;
  before(async () => {
    hub = await startHubWithHistory();
  });
  after(() => hub[Symbol.asyncDispose]());

  const ok: HubWithHistory["ok"] = (...call) => hub.ok(...call);
  const refused: HubWithHistory["refused"] = (...call) => hub.refused(...call);

  it("answer as they are declared, for each thing and each list", async () => {
    const single: readonly (readonly [string, string])[] = [
      ["events", hub.ids.event],
      ["tasks", hub.ids.task],
      ["artifacts", hub.ids.artifact],
      ["messages", hub.ids.message],
      ["deliveries", hub.ids.delivery],
    ];
    for (const [resource, id] of single) {
      assert.equal((await ok("GET", `/api/v1/${resource}/${id}`)).body.id, id);
      const list = await ok("GET", `/api/v1/${resource}`);
      assert.ok(list.body.data.some((each: { id: string }) => each.id === id));
      assert.ok(!("nextCursor" in list.body));
      const trace = await ok("GET", `/api/v1/trace/${id}`);
      assert.deepEqual([trace.body.event.id, trace.body.tasks[0].id], [hub.ids.event, hub.ids.task]);
    }
    const attempts = await ok("GET", `/api/v1/deliveries/${hub.ids.delivery}/attempts`);
    const [attempt] = attempts.body.data;
    assert.deepEqual([attempt.number, attempt.status, attempt.responseBody], [1, 200, "thanks"]);
    assert.equal((await ok("GET", `/api/v1/trace/${attempt.id}`)).body.tasks[0].id, hub.ids.task);
    assert.equal((await ok("GET", `/api/v1/messages/${hub.ids.message}/deliveries`)).body.data[0].id, hub.ids.delivery);
    assert.deepEqual((await ok("GET", `/api/v1/messages/${hub.ids.message}`)).body.data.task.result, { ok: true });
    assert.deepEqual((await ok("GET", `/api/v1/tasks/${hub.ids.task}`)).body.result, { ok: true });
  });

  it("filter", async () => {
    const has = async (path: string) => (await ok("GET", `/api/v1/${path}`)).body.data.length > 0;
    const { sourceId, receivedAt } = (await ok("GET", `/api/v1/events/${hub.ids.event}`)).body;
    const later = new Date(Date.parse(receivedAt) + 60_000).toISOString();
    for (const [matching, missing] of [
      [`events?sourceId=${sourceId}`, `events?sourceId=${nobody("source")}`],
      ["events?type=issues.opened", "events?type=issues"],
      [`events?before=${later}`, `events?after=${later}`],
      [`events?after=2020-01-01T00:00:00%2B02:00`, "events?before=2020-01-01T00:00:00-11:30"],
      ["tasks?state=completed", "tasks?state=failed"],
      ["tasks?agent=triager", "tasks?agent=nobody"],
      [`tasks?sourceEventId=${hub.ids.event}`, `tasks?sourceEventId=${nobody("event")}`],
      ["artifacts?contentType=TEXT/html;%20x=y", "artifacts?contentType=text/plain"],
      ["artifacts?agent=triager", "artifacts?agent=nobody"],
      ["messages?type=task.completed", "messages?type=task.failed"],
      ["deliveries?state=succeeded", "deliveries?state=pending"],
      [`deliveries?endpointId=${hub.ids.endpoint}`, `deliveries?endpointId=${nobody("endpoint")}`],
      [`deliveries?messageId=${hub.ids.message}`, `deliveries?messageId=${nobody("message")}`],
    ] as const) {
      assert.equal(await has(matching), true, matching);
      assert.equal(await has(missing), false, missing);
    }
  });

  it("lead from page to page", async () => {
    const seen: number[] = [];
    let query = "?limit=2";
    for (;;) {
      const { data, nextCursor } = (await ok("GET", `/api/v1/tasks/${hub.ids.task}/events${query}`)).body;
      seen.push(...data.map((event: { seq: number }) => event.seq));
      if (nextCursor === undefined) break;
      query = `?limit=2&cursor=${nextCursor}`;
    }
    assert.deepEqual(seen, [3, 2, 1]);
  });

  it("refuse a list's bad input with the parameter at fault", async () => {
    const lists = [
      "events",
      "tasks",
      "artifacts",
      "messages",
      "deliveries",
      `tasks/${hub.ids.task}/events`,
      `messages/${hub.ids.message}/deliveries`,
      `deliveries/${hub.ids.delivery}/attempts`,
    ];
    const foreign = encodeCursor(nobody("key"));
    for (const list of lists)
      for (const [query, path] of [
        ["limit=0", "limit"],
        ["limit=1000000000", "limit"],
        ["limit=1.5", "limit"],
        ["limit=", "limit"],
        ["limit=ten", "limit"],
        ["limit=5&limit=6", "limit"],
        ["cursor=", "cursor"],
        ["cursor=nonsense", "cursor"],
        [`cursor=${foreign}`, "cursor"],
        ["colour=red", "colour"],
        ["limit[gt]=1", "limit[gt]"],
      ] as const)
        assert.equal(
          await refused(hub.test.call, "GET", `/api/v1/${list}?${query}`),
          `422 invalid ${path}`,
          `${list}?${query}`,
        );
    for (const [query, path] of [
      ["events?sourceId=src_1", "sourceId"],
      [`events?sourceId=${hub.ids.event}`, "sourceId"],
      ["events?type=a%00b", "type"],
      ["events?type=a&type=b", "type"],
      ["events?after=yesterday", "after"],
      ["events?before=2026-02-30T00:00:00Z", "before"],
      ["events?after=2026-01-01T00:00:00", "after"],
      ["tasks?state=done", "state"],
      ["tasks?agent=a%00b", "agent"],
      [`tasks?agent=${"x".repeat(201)}`, "agent"],
      [`tasks?sourceEventId=${hub.ids.task}`, "sourceEventId"],
      ["artifacts?contentType=a%00b", "contentType"],
      ["artifacts?agent=%00", "agent"],
      ["messages?type=a%00b", "type"],
      ["deliveries?state=sent", "state"],
      ["deliveries?endpointId=1", "endpointId"],
      [`deliveries?messageId=${hub.ids.delivery}`, "messageId"],
    ])
      assert.equal(await refused(hub.test.call, "GET", `/api/v1/${query}`), `422 invalid ${path}`, query);
  });

  it("refuse an id that is none with 422, one of nobody or of another project with 404", async () => {
    const other = await hub.test.inAnotherProject();
    const calls: readonly (readonly [string, string, string])[] = [
      ["GET", "/api/v1/events/{}", hub.ids.event],
      ["GET", "/api/v1/events/{}/body", hub.ids.event],
      ["GET", "/api/v1/tasks/{}", hub.ids.task],
      ["GET", "/api/v1/tasks/{}/events", hub.ids.task],
      ["POST", "/api/v1/tasks/{}/cancel", hub.ids.task],
      ["POST", "/api/v1/tasks/{}/retry", hub.ids.task],
      ["GET", "/api/v1/artifacts/{}", hub.ids.artifact],
      ["GET", "/api/v1/artifacts/{}/content", hub.ids.artifact],
      ["GET", "/api/v1/messages/{}", hub.ids.message],
      ["GET", "/api/v1/messages/{}/deliveries", hub.ids.message],
      ["GET", "/api/v1/deliveries/{}", hub.ids.delivery],
      ["GET", "/api/v1/deliveries/{}/attempts", hub.ids.delivery],
      ["POST", "/api/v1/deliveries/{}/retry", hub.ids.delivery],
      ["POST", "/api/v1/deliveries/{}/cancel", hub.ids.delivery],
      ["GET", "/api/v1/trace/{}", hub.ids.event],
    ];
    for (const [method, path, id] of calls) {
      const unknown = `${id.slice(0, 4)}${nobody("event").slice(4)}`;
      assert.equal(await refused(other, method, path.replace("{}", id)), "404 not_found", path);
      assert.equal(await refused(hub.test.call, method, path.replace("{}", unknown)), "404 not_found", path);
      for (const bad of [
        `${id}0`,
        id.slice(4),
        id.toUpperCase(),
        nobody("key"),
        "%00",
        "..%2f..",
        `${id.slice(0, 4)}${"z".repeat(26)}`,
      ])
        assert.equal(await refused(hub.test.call, method, path.replace("{}", bad)), "422 invalid id", `${path} ${bad}`);
    }
    for (const kind of ["route", "source", "agent", "endpoint", "subscriber", "project"] as const)
      assert.equal(await refused(hub.test.call, "GET", `/api/v1/trace/${nobody(kind)}`), "422 invalid id", kind);
  });

  it("hand out bodies byte for byte, so that a browser runs nothing of them", async () => {
    const auth = { authorization: `Bearer ${await hub.test.keyFor("viewer")}` };
    const event = await fetch(`${hub.test.url}/api/v1/events/${hub.ids.event}/body`, { headers: auth });
    assert.equal(await event.text(), eventBody);
    assert.equal(event.headers.get("content-type"), "application/json; charset=utf-8");
    const artifact = await fetch(`${hub.test.url}/api/v1/artifacts/${hub.ids.artifact}/content`, { headers: auth });
    assert.equal(await artifact.text(), "<script>alert(1)</script>");
    assert.match(artifact.headers.get("content-type") ?? "", /^text\/html/);
    assert.equal(
      artifact.headers.get("content-disposition"),
      `attachment; filename="r_sum_ _1__..;.html"; filename*=UTF-8''r%C3%A9sum%C3%A9%20%221%22_..%3B.html`,
    );
    for (const { headers } of [event, artifact]) {
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.match(headers.get("content-security-policy") ?? "", /sandbox/);
      assert.equal(headers.get("cache-control"), "no-store");
    }
  });
});
