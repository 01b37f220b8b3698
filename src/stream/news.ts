/** Something that happened in a project: a message that was announced, or an event that was accepted. */
export interface News {
  /** The wire id of the message or event. */
  readonly id: string;
  /** That of the message, or `event.accepted`. */
  readonly type: string;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
  readonly data: unknown;
}
