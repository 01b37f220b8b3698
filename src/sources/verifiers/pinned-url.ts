/**
 * Whether a URL out of a message that is not verified yet is one of the provider's own, so that it may be fetched. It must be written as
 * `URL` writes it: what a lenient parser makes of anything else is not asked.
 *
 * @param host of the whole host name; there is no port
 */
export function isPinnedUrl(text: string, host: RegExp, path: RegExp): boolean {
  if (text.length > 1024) return false;
  const url = URL.parse(text);
  if (url === null || url.href !== text || url.protocol !== "https:") return false;
  if (url.username !== "" || url.password !== "" || url.port !== "" || url.hash !== "") return false;
  return host.test(url.hostname) && path.test(url.pathname + url.search);
}
