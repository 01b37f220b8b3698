import { generateKeyPairSync, type KeyObject } from "node:crypto";

/** A new Ed25519 key: the private half in PKCS #8 (DER), the public one as receivers get it (Standard Webhooks, `whpk_`). */
export function generateEndpointKey(): { readonly privateKey: Buffer; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { privateKey: privateKey.export({ type: "pkcs8", format: "der" }), publicKey: publicKeyOf(publicKey) };
}

/** A public key as receivers get it. */
export function publicKeyOf(publicKey: KeyObject): string {
  const { x = "" } = publicKey.export({ format: "jwk" });
  return `whpk_${Buffer.from(x, "base64url").toString("base64")}`;
}
