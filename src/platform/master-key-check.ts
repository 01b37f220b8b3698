import { UnavailableError } from "../lib/errors.ts";
import type { Database } from "./database.ts";
import { deriveKey, type MasterKeys } from "./master-keys.ts";

const selectChecks = "SELECT version, check_value FROM master_key_checks";
const insertCheck = "INSERT INTO master_key_checks (version, check_value) VALUES ($1, $2)";
const lockChecks = "LOCK TABLE master_key_checks IN SHARE ROW EXCLUSIVE MODE";

interface KeyCheck {
  readonly version: number;
  readonly check_value: Buffer;
}

function refuse({ version }: KeyCheck, { current, keys }: MasterKeys): never {
  const rotated = `${Math.max(current, version + 1)}:<new>,${version}:<old>`;
  throw new UnavailableError(
    "wrong_master_key",
    keys.has(version)
      ? `The secrets in this database were sealed with another master key (version ${version}). ` +
          `Set HOOKYARD_MASTER_KEY to that one; to rotate, keep it behind the new one: ${rotated}.`
      : `Secrets in this database were sealed with master key version ${version}, which HOOKYARD_MASTER_KEY lacks. ` +
          `Keep it behind the new one: ${rotated}.`,
  );
}

/**
 * Refuses to start without a master key that this database's secrets were sealed with, or with another one in its place:
 * two hubs with different keys would each write secrets that the other cannot read, and nobody would notice before the
 * first delivery. Nothing is written down for keys that are refused, or a typing error would have to be kept for ever.
 */
export async function checkMasterKeys(db: Database, masterKeys: MasterKeys): Promise<void> {
  const values = new Map([...masterKeys.keys].map(([version, key]) => [version, deriveKey(key, "check")]));
  await db.transaction(async (tx) => {
    // Hubs that start at once with different keys: one of them comes second, and sees the other's.
    await tx.query({ text: lockChecks }, []);
    const checks = await tx.query<KeyCheck>({ text: selectChecks }, []);
    const foreign = checks.find(({ version, check_value }) => values.get(version)?.equals(check_value) !== true);
    if (foreign !== undefined) refuse(foreign, masterKeys);
    if (checks.every(({ version }) => version !== masterKeys.current))
      await tx.query({ text: insertCheck }, [masterKeys.current, values.get(masterKeys.current)]);
  });
}
