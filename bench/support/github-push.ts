import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { encodeRequest } from "./http-connection.ts";

const bodyBytes = 4096;
const deliveryIdLength = 36;

interface Push {
  readonly repository: Record<string, unknown>;
  readonly head_commit: { message: string } | null;
}

interface Definition {
  readonly name: string;
  readonly examples: readonly Push[];
}

function readExample(): Push {
  const file = createRequire(import.meta.url).resolve("@octokit/webhooks-examples");
  const definitions = JSON.parse(readFileSync(file, "utf8")) as readonly Definition[];
  const pushes = definitions.find((definition) => definition.name === "push")?.examples ?? [];
  const push = pushes.find((example) => example.head_commit !== null);
  if (push === undefined) throw new Error("@octokit/webhooks-examples holds no push with a commit");
  return push;
}

// GitHub's own example is 7 KB; most of what is too much are the forty URL templates of its repository.
function shorten({ repository, ...push }: Push): Push {
  const kept = { ...repository };
  for (const name of Object.keys(kept).toReversed()) {
    if (Buffer.byteLength(JSON.stringify({ ...push, repository: kept })) <= bodyBytes) break;
    if (name.endsWith("_url")) delete kept[name];
  }
  return { ...push, repository: kept };
}

/** Push payloads of exactly 4 KB that differ from each other in their commit's message. */
export function createPushBodies(count: number): Buffer[] {
  const push = readExample();
  const commit = push.head_commit;
  if (commit === null) return [];
  return Array.from({ length: count }, (_, index) => {
    commit.message = `Change ${String(index).padStart(6, "0")} `;
    const short = shorten(push);
    const missing = bodyBytes - Buffer.byteLength(JSON.stringify(short));
    if (missing < 0) throw new Error(`the example is ${-missing} bytes too long`);
    commit.message += "of the readme, ".repeat(missing).slice(0, missing);
    return Buffer.from(JSON.stringify(short));
  });
}

/** A signed push as GitHub sends it, made once; only its delivery id is new each time. */
export class PushRequest {
  readonly #bytes: Buffer;
  readonly #idOffset: number;

  constructor(url: URL, secret: string, body: Buffer) {
    const placeholder = "-".repeat(deliveryIdLength);
    this.#bytes = encodeRequest(
      "POST",
      url,
      [
        "User-Agent: GitHub-Hookshot/044aadd",
        "Accept: */*",
        "Content-Type: application/json",
        "X-GitHub-Event: push",
        `X-GitHub-Delivery: ${placeholder}`,
        "X-GitHub-Hook-ID: 292430182",
        "X-GitHub-Hook-Installation-Target-ID: 79929171",
        "X-GitHub-Hook-Installation-Target-Type: repository",
        `X-Hub-Signature-256: sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
      ],
      body,
    );
    this.#idOffset = this.#bytes.indexOf(placeholder);
  }

  /** The request with this delivery id (a UUID). The same memory each time: only once the one before is answered. */
  withDelivery(deliveryId: string): Buffer {
    this.#bytes.write(deliveryId, this.#idOffset, "latin1");
    return this.#bytes;
  }
}
