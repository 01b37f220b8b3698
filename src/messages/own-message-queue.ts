/** The queue of messages that a route of their project wants as events. A job's id is the message's. */
export const ownMessageQueue = "own-messages";
