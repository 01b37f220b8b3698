import { UnavailableError } from "../lib/errors.ts";
import type { Database } from "./database.ts";
import { deriveKey, type MasterKeys } from "./master-keys.ts";

const insertCheck = "INSERT INTO master_key_checks (version, check_value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const selectChecks = "SELECT version, check_value FROM master_key_checks";

/**
 * Refuses to start with a master key other than the one that this database's secrets were sealed with: two hubs with
 * different keys would each write secrets that the other cannot read, and nobody would notice before the first delivery.
 */
export async function checkMasterKeys(db: Database, masterKeys: MasterKeys): Promise<void> {
  const values = new Map([...masterKeys.keys].map(([version, key]) => [version, deriveKey(key, "check")]));
  await db.query({ text: insertCheck }, [masterKeys.current, values.get(masterKeys.current)]);
  const rows = await db.query<{ version: number; check_value: Buffer }>({ text: selectChecks }, []);
  const foreign = rows.find(({ version, check_value }) => values.get(version)?.equals(check_value) === false);
  if (foreign === undefined) return;
  throw new UnavailableError(
    "wrong_master_key",
    `The secrets in this database were sealed with another master key (version ${foreign.version}). ` +
      "Set HOOKYARD_MASTER_KEY to that one; to rotate, keep it beside the new one: 2:<new>,1:<old>.",
  );
}
