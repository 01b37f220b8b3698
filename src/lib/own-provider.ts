/** The provider of the events that the hub's own messages are, for routes that go on from them. */
export const ownProvider = "hookyard";
