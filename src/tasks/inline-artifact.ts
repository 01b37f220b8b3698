import { z } from "zod";
import { displayName, storableText } from "../lib/storable-text.ts";
import { artifactDetails } from "./artifact-details.ts";
import type { ArtifactUpload } from "./store-artifact.ts";

/** How many artifacts come along with one answer or callback, or of one run of a command. */
export const maxInlineArtifacts = 100;

/** An artifact within JSON, for agents that answer with theirs instead of storing them one by one. */
export const inlineArtifact = z
  .strictObject({
    name: displayName,
    contentType: storableText(200)
      .regex(/^[\w.+-]+\/[\w.+-]+(;.*)?$/, { error: "must be a media type such as text/markdown" })
      .exactOptional()
      .describe("Absent: text/plain, or application/octet-stream for bytes."),
    content: z.string().exactOptional().describe("Text."),
    contentBase64: z.base64().exactOptional().describe("Bytes, instead of `content`."),
    title: artifactDetails.title.exactOptional(),
    path: artifactDetails.path.exactOptional(),
    metadata: artifactDetails.metadata.exactOptional(),
  })
  .refine(({ content, contentBase64 }) => (content === undefined) !== (contentBase64 === undefined), {
    error: "must have one of content and contentBase64",
  });

/** What is stored of it. */
export function uploadOf({
  contentType,
  content,
  contentBase64,
  ...details
}: z.infer<typeof inlineArtifact>): ArtifactUpload {
  return contentBase64 === undefined
    ? { ...details, contentType: contentType ?? "text/plain; charset=utf-8", content: Buffer.from(content ?? "") }
    : {
        ...details,
        contentType: contentType ?? "application/octet-stream",
        content: Buffer.from(contentBase64, "base64"),
      };
}
