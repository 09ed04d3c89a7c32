/**
 * An MQTT 3.1.1 broker inside the process, on a free loopback port: the other
 * side of `demo` and of tests.
 *
 * @module
 */
import { createServer, type Socket } from "node:net";
import { Aedes, type AuthenticateError } from "aedes";

/** A message that a client published. */
export interface Published {
  readonly clientId: string;
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly payload: Uint8Array;
}

/** How the broker behaves; by default it takes everything from everybody. */
export interface BrokerOptions {
  /** Called for each message, in the order of arrival, before it is acknowledged. */
  readonly onPublish?: (message: Published) => void;
  /** Whether a client may log in. */
  readonly mayLogIn?: (username: string, password: string) => boolean;
  /** Acknowledgements wait for this promise. */
  readonly beforeAck?: (message: Published) => Promise<void> | undefined;
}

/** A running broker. */
export interface EmbeddedBroker extends AsyncDisposable {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** Cuts every connection, as a crash would. */
  cut(): void;
  close(): Promise<void>;
}

/** [MQTT 3.1.1 §3.2.2.3] */
const BAD_USER_NAME_OR_PASSWORD = 4;

/** Starts a broker. */
export async function embeddedBroker(
  options: BrokerOptions = {},
): Promise<EmbeddedBroker> {
  const broker = await Aedes.createBroker({
    authenticate: (_client, username, password, done) => {
      if (options.mayLogIn?.(username ?? "", String(password ?? "")) ?? true) {
        return done(null, true);
      }
      const refusal: AuthenticateError = Object.assign(
        new Error("bad user name or password"),
        { returnCode: BAD_USER_NAME_OR_PASSWORD },
      );
      done(refusal, false);
    },
    authorizePublish: (client, packet, done) => {
      const message: Published = {
        clientId: client?.id ?? "",
        topic: packet.topic,
        qos: packet.qos,
        retain: packet.retain,
        payload: typeof packet.payload === "string"
          ? new TextEncoder().encode(packet.payload)
          : new Uint8Array(packet.payload),
      };
      options.onPublish?.(message);
      const wait = options.beforeAck?.(message);
      if (wait === undefined) done(null);
      else wait.then(() => done(null), done);
    },
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A client that vanishes is the client's matter.
    socket.on("error", () => {});
    broker.handle(socket);
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  let closing: Promise<void> | null = null;
  const close = () =>
    closing ??= (async () => {
      const closed = new Promise<void>((resolve) =>
        server.close(() => resolve())
      );
      cut();
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      await closed;
    })();
  return { port, cut, close, [Symbol.asyncDispose]: close };
}
