import {
  A2A_ERROR_CODE,
  A2AError,
  JsonRpcTransportError,
  RequestMalformedError,
  type RestA2AError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from "@a2a-js/sdk/errors";
import { ConflictError, HubError, InvalidError, MalformedError, NotFoundError } from "../../lib/errors.ts";

/** How a client speaks A2A; gRPC is not served. */
export type A2aTransport = "jsonrpc" | "rest";

// JSON-RPC 2.0 §5.1 leaves -32000 to -32099 to the server, and A2A takes -32001 to -32009 of them.
const refusedCode = -32_000;

// The protocol has no name for these: what they mean is their HTTP status.
class RefusedError extends A2AError implements RestA2AError {
  readonly transport = "rest";
  readonly statusCode: number;

  constructor(message: string, status: number, reason: string) {
    super({ message, metadata: { reason } });
    this.statusCode = status;
  }
}

function refused(message: string, status: number, code: string, transport: A2aTransport): A2AError {
  if (transport === "rest") return new RefusedError(message, status, code);
  const rpcCode = status === 500 ? A2A_ERROR_CODE.INTERNAL_ERROR : refusedCode;
  return new JsonRpcTransportError({ jsonrpc: "2.0", id: null, error: { code: rpcCode, message } });
}

/**
 * What was thrown as the error of the protocol that says it best. `isOurFault`: the caller is told nothing of it, and it
 * belongs into the log.
 */
export function a2aErrorOf(
  thrown: unknown,
  transport: A2aTransport,
): { readonly error: A2AError; readonly isOurFault: boolean } {
  if (thrown instanceof A2AError) return { error: thrown, isOurFault: false };
  if (!(thrown instanceof HubError))
    return {
      error: refused("Something went wrong inside the hub", 500, "internal_error", transport),
      isOurFault: true,
    };
  const { message, code, status } = thrown;
  const metadata = { code };
  if (thrown instanceof NotFoundError)
    return { error: new TaskNotFoundError({ message, metadata }), isOurFault: false };
  if (thrown instanceof InvalidError || thrown instanceof MalformedError)
    return { error: new RequestMalformedError({ message, metadata }), isOurFault: false };
  if (thrown instanceof ConflictError) {
    const Kind = code === "task_settled" ? TaskNotCancelableError : UnsupportedOperationError;
    return { error: new Kind({ message, metadata }), isOurFault: false };
  }
  const told = code === "secret_unreadable" ? "A stored secret cannot be read" : message;
  return { error: refused(told, status, code, transport), isOurFault: status >= 500 };
}
