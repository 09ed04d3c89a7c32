/**
 * A broker for tests: the embedded one, which remembers what it was sent.
 *
 * @module
 */
import {
  type BrokerOptions,
  type EmbeddedBroker,
  embeddedBroker,
  type Published,
} from "../../lib/cli/sim/broker.ts";

/** A broker with a memory. */
export interface FakeBroker extends EmbeddedBroker {
  readonly url: string;
  /** Every message so far, in order of arrival. */
  readonly messages: readonly Published[];
  /** Resolves once `count` messages have come. */
  received(count: number): Promise<readonly Published[]>;
}

/** Starts a broker on a free port. */
export async function fakeBroker(
  options: BrokerOptions = {},
): Promise<FakeBroker> {
  const messages: Published[] = [];
  const waiters = new Set<() => void>();
  const broker = await embeddedBroker({
    ...options,
    onPublish(message) {
      messages.push(message);
      for (const wake of [...waiters]) wake();
      options.onPublish?.(message);
    },
  });
  return {
    ...broker,
    url: `mqtt://127.0.0.1:${broker.port}`,
    messages,
    received: (count) =>
      new Promise((resolve) => {
        const wake = () => {
          if (messages.length < count) return;
          waiters.delete(wake);
          resolve(messages);
        };
        waiters.add(wake);
        wake();
      }),
  };
}
