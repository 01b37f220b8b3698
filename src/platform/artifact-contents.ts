import { join } from "node:path";
import { UnavailableError } from "../lib/errors.ts";
import type { Clock } from "../lib/clock.ts";
import type { Config } from "./config.ts";
import { type ContentFiles, openContentFiles } from "./content-files.ts";

/** What an artifact's row says of its content. */
export interface StoredContent {
  /** Null: it lies elsewhere, under its hash. */
  readonly content: Buffer | null;
  readonly sha256: Buffer;
}

/** Where the contents of artifacts are kept. */
export interface ArtifactContentStore {
  /** Keeps a content for good, before the row that names it commits. Answers with what that row has to hold of it. */
  put(content: Buffer, sha256: Buffer): Promise<Buffer | null>;
  /** Throws UnavailableError when it is not where it was put. */
  get(stored: StoredContent): Promise<Buffer>;
  /** Deletes a content that no row holds, unless it was put after this moment. */
  delete(sha256: Buffer, until: Date): Promise<boolean>;
  /** The contents that no row holds and that were put until then, some at a time. */
  list(until: Date): AsyncIterable<readonly Buffer[]>;
}

function onDisk(files: ContentFiles, clock: Clock): ArtifactContentStore {
  return {
    async put(content, sha256) {
      await files.write(sha256.toString("hex"), content, new Date(clock.now()));
      return null;
    },
    async get({ content, sha256 }) {
      const found = content ?? (await files.read(sha256.toString("hex")));
      if (found !== undefined) return found;
      throw new UnavailableError("content_missing", "The content of this artifact is not where it was stored.");
    },
    delete: (sha256, until) => files.remove(sha256.toString("hex"), until),
    async *list(until) {
      for await (const hashes of files.list(until)) yield hashes.map((hash) => Buffer.from(hash, "hex"));
    },
  };
}

/**
 * The store that the settings name: in Postgres, in the artifact's own row, or on disk below `directory`. Both give back what
 * the other one kept, so that the setting may change.
 */
export function openArtifactContents(
  { artifacts, dataDir }: Pick<Config, "artifacts" | "dataDir">,
  clock: Clock,
): ArtifactContentStore {
  const disk = onDisk(openContentFiles(artifacts.directory ?? join(dataDir, "artifacts")), clock);
  return artifacts.store === "disk" ? disk : { ...disk, put: (content) => Promise.resolve(content) };
}
