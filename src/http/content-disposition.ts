const maxNameCharacters = 200;

/**
 * The Content-Disposition of a download (RFC 6266): the name in ASCII for old clients, and in UTF-8 (RFC 8187) for the rest.
 * The name may be anything; it cannot end the header, and names no directory.
 */
export function attachmentDisposition(name: string): string {
  const file = name
    .toWellFormed()
    .slice(0, maxNameCharacters)
    .toWellFormed()
    .replaceAll(/[\p{Cc}/\\]/gu, "_");
  const ascii = file.replaceAll(/[^\x20-\x7e]|["%]/g, "_");
  // What encodeURIComponent leaves as it is, but attr-char does not allow.
  const utf8 = encodeURIComponent(file).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${utf8}`;
}
