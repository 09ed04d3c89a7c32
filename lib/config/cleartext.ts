/**
 * ◆ Passwords that would go over a network in clear: a broker that is reached
 * with `mqtt://`, and not on this machine. Works on the document after its
 * variables and password files, wherever the password came from.
 *
 * @module
 */
import { brokerAddress, MqttError } from "../mqtt/mqtt.ts";
import { type Advice, isLoopback } from "./rules.ts";
import { isTable, type Table } from "./toml.ts";

/** Advice for every sink whose password anyone on the way can read. */
export function cleartextPasswords(document: Table): Advice[] {
  const sinks = document["sinks"];
  return Object.entries(isTable(sinks) ? sinks : {}).flatMap(
    ([name, sink]): Advice[] => {
      if (!isTable(sink)) return [];
      const { broker, password } = sink;
      if (typeof broker !== "string") return [];
      if (typeof password !== "string" || password === "") return [];
      const address = addressOf(broker);
      if (address === null || address.secure) return [];
      if (isLoopback(address.host.toLowerCase())) return [];
      return [{
        path: ["sinks", name, "broker"],
        part: "value",
        text:
          `the password goes to ${address.text} in clear, and so do readings: anyone on the way can read them and log in as this gateway; use mqtts:// where the broker has TLS, else keep others off the network between`,
      }];
    },
  );
}

/** Null when it is none, which is for its schema to say. */
function addressOf(broker: string): ReturnType<typeof brokerAddress> | null {
  try {
    return brokerAddress(broker);
  } catch (error) {
    if (error instanceof MqttError) return null;
    throw error;
  }
}
