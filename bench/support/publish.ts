import { HttpConnection } from "./http-connection.ts";
import type { Hub } from "./hub.ts";

/** Publishes the same message so many times, over as many connections as are said. */
export async function publishMany(hub: Hub, message: object, count: number, connections = 16): Promise<void> {
  const request = hub.encodeCall("/api/v1/messages", message);
  let left = count;
  const publish = async (): Promise<void> => {
    const connection = await HttpConnection.open(hub.program.url);
    while (left > 0) {
      left -= 1;
      const { status, body } = await connection.send(request);
      if (status !== 202) throw new Error(`a message was answered ${status}: ${body.toString()}`);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: Math.min(connections, count) }, publish));
}
