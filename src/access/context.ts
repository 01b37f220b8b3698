import type { Services } from "../platform/services.ts";
import type { Actor } from "./actor.ts";

/** What a verb is called with besides its input: the hub's services and who asks. */
export interface Context extends Services {
  readonly actor: Actor;
}
