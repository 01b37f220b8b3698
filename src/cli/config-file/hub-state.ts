import type { HubClient } from "./hub-client.ts";
import { type Fields, kinds, pathOf, type Section } from "./kinds.ts";

/** What a hub has, by section, oldest first. */
export type HubState = ReadonlyMap<Section, readonly Fields[]>;

/** Reads all that a configuration can speak of. */
export async function readHubState(client: HubClient): Promise<HubState> {
  const state = new Map<Section, readonly Fields[]>();
  for (const kind of kinds) state.set(kind.section, (await client.list(pathOf(kind))).toReversed());
  return state;
}
