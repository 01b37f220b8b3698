import { UnavailableError } from "../../lib/errors.ts";

// Each stream asks the database some three times a second.
const maxStreams = 200;

/** How many streams are open in this process, and that they are not too many. */
export class StreamPlaces {
  #taken = 0;

  /** Streams that are open. */
  get taken(): number {
    return this.#taken;
  }

  /** Takes a place; answers with what gives it back. Throws UnavailableError `too_many_streams` when there is none. */
  take(): () => void {
    if (this.#taken >= maxStreams)
      throw new UnavailableError("too_many_streams", "As many streams are open as this process serves.", {
        retryAfterSeconds: 10,
      });
    this.#taken += 1;
    let isGivenBack = false;
    return () => {
      if (!isGivenBack) this.#taken -= 1;
      isGivenBack = true;
    };
  }
}
