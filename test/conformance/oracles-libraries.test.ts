import assert from "node:assert/strict";
import { libraryOracles } from "./library-oracles.ts";
import { subjects, verify } from "./subject.ts";

describe("what we sign and verify, the providers' own libraries verify", () => {
  for (const { library, providers, verifies } of libraryOracles) {
    for (const id of providers) {
      it(`${library}: ${id}`, async () => {
        const subject = subjects().find(({ provider }) => provider.id === id);
        assert.ok(subject, `no provider ${id}`);
        const secret = subject.newSecret();
        // The libraries look at the clock themselves.
        const atMs = Date.now();
        const delivery = subject.deliver(secret, { atMs });
        const values = new Map(delivery.headers.map(([name, value]) => [name.toLowerCase(), value]));
        const header = (name: string) => values.get(name) ?? assert.fail(`no header ${name}`);
        const isGenuine = async (body: string): Promise<boolean> => {
          try {
            return (await verifies({ secret: secret.text, body, header })) !== false;
          } catch {
            return false;
          }
        };
        const body = delivery.rawBody.toString();
        assert.equal(await isGenuine(body), true, "the library refuses what we accept");
        assert.equal(await isGenuine(body.replace(/[a-z]/, "X")), false, "the library would accept anything");
        assert.equal(verify(subject, [secret], delivery, atMs).ok, true);
      });
    }
  }
});
