/**
 * Changing a running agent, for its control socket: implements {@link Steering}
 * over the agent's parts.
 *
 * @module
 */
import type { Downlinks, WriteEnd } from "../downlink/downlink.ts";
import type { ReadingJson, RejectedJson } from "../http/json.ts";
import type { FieldWrite, Steering } from "../http/view.ts";
import { type Parts, timeOf } from "./parts.ts";
import { readingJson } from "./readings.ts";

/** What is steered. */
export interface SteeringHost {
  readonly parts: Parts;
  readonly downlinks: Pick<Downlinks, "write">;
  /** Takes a device off, with what waits for it. */
  readonly forget: (device: string) => void;
  /** Writes the flight recorder and gives the file's path. */
  readonly diag: () => Promise<string>;
}

/** The steering of one agent. */
export function steering(host: SteeringHost): Steering {
  const { parts, downlinks } = host;
  const { store, devices, config, sinks } = parts;
  const isSink = (sink: string) => sinks.some(({ name }) => name === sink);
  return {
    knows: (device) => devices.get(device) !== undefined,
    forget(device) {
      if (devices.get(device) === undefined) return false;
      host.forget(device);
      return true;
    },
    write: (
      device: string,
      write: FieldWrite,
      mode: "contact" | "direct",
      timeoutMs: number,
    ): Promise<WriteEnd> => downlinks.write(device, write, mode, timeoutMs),
    peek(sink, max, afterId): readonly ReadingJson[] | null {
      if (!isSink(sink)) return null;
      return store.peek(sink, max, afterId).map((reading) =>
        readingJson(reading, config.devices[reading.device]?.name ?? null)
      );
    },
    rejected(sink, max): readonly RejectedJson[] | null {
      if (!isSink(sink)) return null;
      return store.rejectedRows(sink, max).map((row) => ({
        id: row.id,
        reason: row.reason,
        device: row.device,
        file_id: row.fileId,
        received_at: timeOf(row.wallMs),
        command: row.command?.toHex() ?? null,
      }));
    },
    purge: (sink) => isSink(sink) ? store.purge(sink) : null,
    diag: () => host.diag(),
  };
}
