import { type ServerCallContext, type User } from "@a2a-js/sdk/server";
import type { Context } from "../../access/context.ts";
import type { TaskServices } from "../../tasks/announce-tasks.ts";
import type { A2aTransport } from "./a2a-error.ts";

/** Who calls over A2A, authenticated already, and with what the hub does it. */
export class A2aCaller implements User {
  readonly isAuthenticated = true;
  readonly userName: string;
  readonly ctx: Context & TaskServices;
  readonly transport: A2aTransport;
  /** Aborts when the client goes away or the hub stops. */
  readonly signal: AbortSignal;
  /** Takes a place among the streams of this process; answers with what gives it back. */
  readonly takeStreamPlace: () => () => void;
  /** Takes down what went wrong on our side, for the request's line in the log. */
  readonly noteFailure: (failure: unknown) => void;

  constructor(call: Pick<A2aCaller, "ctx" | "transport" | "signal" | "takeStreamPlace" | "noteFailure">) {
    this.ctx = call.ctx;
    this.userName = call.ctx.actor.name;
    this.transport = call.transport;
    this.signal = call.signal;
    this.takeStreamPlace = call.takeStreamPlace;
    this.noteFailure = call.noteFailure;
  }
}

/** The caller in a call's context, where the mount has put it. */
export function callerOf(context: ServerCallContext): A2aCaller {
  if (context.user instanceof A2aCaller) return context.user;
  throw new Error("A call over A2A was reached without authentication");
}
