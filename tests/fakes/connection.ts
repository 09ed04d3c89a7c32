/**
 * Connections in memory: the test answers each publish itself.
 *
 * @module
 */
import {
  type Ack,
  type Connect,
  type ConnectOptions,
  type MqttConnection,
  MqttError,
  type OutMessage,
} from "../../lib/mqtt/mqtt.ts";

/** A publish that waits for its answer. */
export interface Pending {
  readonly message: OutMessage;
  readonly ack: (code?: number, reason?: string) => void;
}

/** A connection whose broker is the test. */
export interface FakeConnection extends MqttConnection {
  readonly options: ConnectOptions;
  readonly pending: Pending[];
  /** Ends it; what is pending rejects. */
  drop(): void;
}

/** A {@link Connect}, and the connections it has opened. */
export function fakeConnect(): {
  readonly connect: Connect;
  readonly opened: FakeConnection[];
} {
  const opened: FakeConnection[] = [];
  const connect: Connect = (options) => {
    const { promise: ended, resolve: end } = Promise.withResolvers<MqttError>();
    const rejects = new Set<(error: MqttError) => void>();
    const connection: FakeConnection = {
      options,
      receiveMaximum: 65_535,
      pending: [],
      onMessage: null,
      ended,
      subscribe: () => Promise.resolve(),
      publish: (message) =>
        new Promise<Ack>((resolve, reject) => {
          rejects.add(reject);
          connection.pending.push({
            message,
            ack: (code = 0, reason = "reason") => resolve({ code, reason }),
          });
        }),
      drop() {
        const error = new MqttError("Connection ended: dropped", "session");
        for (const reject of rejects) reject(error);
        end(error);
      },
      [Symbol.asyncDispose]() {
        connection.drop();
        return Promise.resolve();
      },
    };
    opened.push(connection);
    return Promise.resolve(connection);
  };
  return { connect, opened };
}
