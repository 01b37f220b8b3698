/** Longest signature of varying length: RSA with a 16,384 bit key has 2,048 bytes. */
const maxVaryingBytes = 2048;

/**
 * The bytes of a signature, or undefined unless the text is their one spelling: Node's decoders skip what they do not know, stop at it,
 * and take base64url for base64, so that many texts would stand for one signature. Hex may be in either case (RFC 4648).
 *
 * @param byteLength exact length; undefined where it varies
 */
export function decodeStrictly(
  text: string,
  encoding: "hex" | "base64",
  byteLength: number | undefined,
): Buffer | undefined {
  const encodedLength = (bytes: number) => (encoding === "hex" ? bytes * 2 : Math.ceil(bytes / 3) * 4);
  if (
    byteLength === undefined ? text.length > encodedLength(maxVaryingBytes) : text.length !== encodedLength(byteLength)
  )
    return undefined;
  const bytes = Buffer.from(text, encoding);
  if (bytes.length === 0 || (byteLength !== undefined && bytes.length !== byteLength)) return undefined;
  if (encoding === "hex") return bytes.length * 2 === text.length ? bytes : undefined;
  return bytes.toString("base64") === text ? bytes : undefined;
}
