import type { Request } from "express";
import type { z } from "zod";
import type { Context } from "../access/context.ts";
import { ForbiddenError } from "../lib/errors.ts";

/** What an operation answers with. `body` is JSON unless it is bytes, which go out with `contentType`. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request after its parts have passed their schemas. */
export interface OperationInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly request: Request;
  /** Aborts when the client goes away or the hub stops: for calls that wait. */
  readonly signal: AbortSignal;
}

/** A response as OpenAPI describes it. */
export interface ResponseDescription {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** For bodies that are not JSON. */
  readonly contentType?: string;
}

/** How a body reaches the operation: parsed JSON checked by `body`, or a Buffer of the bytes as they came. */
type BodyKind = "json" | { readonly raw: readonly string[]; readonly limitBytes: number };

/** One call of the API: Express' router, the request checks and the OpenAPI document are all made from it. */
export interface OperationOptions<Params, Query, Body> {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** In OpenAPI's form, e.g. `/api/v1/sources/{id}`. */
  readonly path: string;
  readonly summary: string;
  /** The group it is listed under. */
  readonly tag: string;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  /** Request headers that `handle` reads, by name, with what they are; for the document alone. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The same of headers that need not be there. */
  readonly optionalHeaders?: Readonly<Record<string, string>>;
  /** Absent: the call takes no body. */
  readonly body?: z.ZodType<Body>;
  readonly bodyKind?: BodyKind;
  /** Top-level body fields that are stored as json or bytes, and so may hold NUL characters; elsewhere they are a 422. */
  readonly freeFields?: readonly string[];
  /** Whether a portal token may make it: its verb looks no further than the actor's subscriber. Absent: no. */
  readonly forSubscribers?: true;
  readonly responses: Readonly<Record<number, ResponseDescription>>;
  handle(ctx: Context, input: OperationInput<Params, Query, Body>): Promise<Answer>;
}

/** An operation whose types have been checked where it was declared. */
export type Operation = OperationOptions<unknown, unknown, unknown>;

/** Declares an operation; the types of `handle`'s input come from its schemas. A portal token is refused unless it is for them. */
export function operation<Params = undefined, Query = undefined, Body = undefined>(
  options: OperationOptions<Params, Query, Body>,
): Operation {
  const declared: OperationOptions<Params, Query, Body> = {
    ...options,
    async handle(ctx, input) {
      if (ctx.actor.subscriberId !== undefined && options.forSubscribers !== true)
        throw new ForbiddenError("A portal token cannot make this call");
      return await options.handle(ctx, input);
    },
  };
  // `handle` only ever gets what the three schemas let through, so widening its input is safe.
  return declared;
}
