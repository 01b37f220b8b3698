import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import examples from "@octokit/webhooks-examples" with { type: "json" };
import { Webhook } from "svix";
import { createProject } from "../src/access/create-project.ts";
import { createHub } from "../src/hub.ts";
import { loadConfig } from "../src/platform/config.ts";

// The main job, on real GitHub payloads: signed webhook in, task for an agent, signed result out to a subscriber that
// verifies it. Everything goes over HTTP, as it would between machines; only the hub, the agent's worker and the
// subscriber share this one process.

const wanted = ["issues.opened", "pull_request.opened", "push", "star.created"] as const;

interface Payload {
  readonly action?: string;
  readonly repository?: { readonly full_name?: string };
  readonly issue?: { readonly title?: string };
  readonly pull_request?: { readonly title?: string };
  readonly commits?: readonly unknown[];
}

const startedAt = performance.now();

function say(stage: string, text: string): void {
  const elapsed = `${(performance.now() - startedAt).toFixed(0)} ms`.padStart(9);
  process.stdout.write(`${elapsed}  ${stage.padEnd(10)} ${text}\n`);
}

// The package's types describe a default export that its JSON does not have.
const catalogue = examples as unknown as readonly { readonly name: string; readonly examples: readonly Payload[] }[];

/** The first example of an event type such as `issues.opened`. */
function exampleOf(type: string): { readonly name: string; readonly payload: Payload } {
  const [name = "", action] = type.split(".");
  const examplesOfName = catalogue.find((known) => known.name === name)?.examples;
  const payload = examplesOfName?.find((example) => example.action === action && example.commits?.length !== 0);
  if (payload === undefined) throw new Error(`no example of ${type}`);
  return { name, payload };
}

/** A stand-in for an agent: looks at the event and has an opinion. */
function think(event: { readonly type: string; readonly body: Payload }): object {
  const title =
    event.body.issue?.title ?? event.body.pull_request?.title ?? `${event.body.commits?.length ?? 0} commits`;
  return { summary: `${event.type} on ${event.body.repository?.full_name}: ${title}`, label: "triage" };
}

// The subscriber: a web server that believes nothing before it has verified the signature.
const received = new Map<string, () => void>();
let endpointSecret = "";
const subscriber = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString();
    // Throws when it does not verify, which ends the demo: it is what the demo is there to show.
    new Webhook(endpointSecret).verify(body, request.headers as Record<string, string>);
    const message = JSON.parse(body);
    say("delivered", `${message.type} of ${message.data.task.id}: ${String(request.headers["webhook-signature"])}`);
    say("verified", `the signature holds; result: ${JSON.stringify(message.data.task.result)}`);
    response.writeHead(204).end();
    received.get(message.data.event.id)?.();
  });
});
await new Promise<void>((resolve) => subscriber.listen(0, "127.0.0.1", resolve));
const subscriberUrl = `http://127.0.0.1:${(subscriber.address() as AddressInfo).port}/results`;

say("start", "a hub on the embedded Postgres (the first start takes a second longer)");
const environment = { HOOKYARD_DELIVERY_ALLOW: "127.0.0.0/8", LOG_LEVEL: "silent", ...process.env };
const config = loadConfig({ ...environment, HOST: "127.0.0.1", PORT: "0" });
await using hub = await createHub(config);
const { ownerKey } = await createProject(hub.services, `demo of ${new Date().toISOString()}`);

async function call(method: string, path: string, body?: object): Promise<ReturnType<typeof JSON.parse>> {
  const response = await fetch(hub.url + path, {
    method,
    headers: { authorization: `Bearer ${ownerKey}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} → ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

const githubSecret = randomBytes(20).toString("hex");
const source = await call("POST", "/api/v1/sources", { name: "github", provider: "github", secrets: [githubSecret] });
await call("POST", "/api/v1/agents", {
  name: "triager",
  instructions: "Summarise what happened and suggest a label.",
  runner: { type: "pull" },
});
await call("POST", "/api/v1/routes", {
  name: "triage what people open and push",
  sourceId: source.id,
  match: { type: ["issues.opened", "pull_request.opened", "push"] },
  agent: "triager",
  task: { input: "Triage this ${event.type} on ${event.body.repository.full_name}." },
});
const endpoint = await call("POST", "/api/v1/endpoints", { url: subscriberUrl, eventTypes: ["task.completed"] });
endpointSecret = endpoint.secret;
say("set up", `source ${source.url}`);
say("set up", "agent triager, one route, one endpoint");

async function work(): Promise<string> {
  const lease = { workerId: "demo", agents: ["triager"], waitSeconds: 10 };
  const { tasks } = await call("POST", "/api/v1/worker/lease", lease);
  const [{ task, leaseToken, attempt }] = tasks;
  say("leased", `${task.id}, attempt ${attempt}: "${task.input}"`);
  const result = think(task.data.event);
  await call("POST", `/api/v1/worker/tasks/${task.id}/complete`, { leaseToken, result });
  say("completed", task.id);
  return task.id;
}

let lastEvent = "";
for (const type of wanted) {
  const { name, payload } = exampleOf(type);
  const body = JSON.stringify(payload);
  const signature = createHmac("sha256", githubSecret).update(body).digest("hex");
  process.stdout.write("\n");
  say("sent", `${type}, ${body.length} bytes, signed as GitHub signs`);
  const response = await fetch(source.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-github-event": name,
      "x-github-delivery": randomUUID(),
      "x-hub-signature-256": `sha256=${signature}`,
    },
    body,
  });
  const { eventId } = (await response.json()) as { eventId: string };
  say("accepted", `${eventId}, stored with its tasks before this ${response.status}`);
  const { data: tasks } = await call("GET", `/api/v1/tasks?sourceEventId=${eventId}`);
  if (tasks.length === 0) {
    say("routed", "no route wants it: kept, and no agent was bothered");
    continue;
  }
  say("routed", `→ ${tasks[0].id} for ${tasks[0].agent}`);
  const arrived = new Promise<void>((resolve) => received.set(eventId, resolve));
  await work();
  await arrived;
  lastEvent = eventId;
}

await hub.processAll();
await hub.stop();
await new Promise((resolve) => subscriber.close(resolve));
const base = "http://127.0.0.1:3000";
// This may have been the first start of all, whose key is shown only once.
const firstKey =
  hub.bootstrapKey === undefined ? "" : `\nThe owner key of the default project, shown once: ${hub.bootstrapKey}\n`;
process.stdout.write(`
Done. All of it is in ${config.dataDir}: run \`npm start\` and go on from

  ${base}/docs                          every call, with a curl line each
  ${base}/                              health
  ${base}/metrics                       Prometheus

  export HOOKYARD_KEY=${ownerKey}
  curl -H "Authorization: Bearer $HOOKYARD_KEY" ${base}/api/v1/trace/${lastEvent}
  curl -H "Authorization: Bearer $HOOKYARD_KEY" ${base}/api/v1/events
${firstKey}`);
