/**
 * Opens the configured port, each time anew: what `auto` or a name under
 * `/dev/serial/by-id` means may change while the agent runs.
 *
 * @module
 */
import { resolvePort } from "./ports.ts";
import type { OpenPort, SerialConfig } from "./serial.ts";
import { systemRoots } from "./system.ts";
import type { SystemRoots } from "./system.ts";
import { openTty } from "./tty.ts";

/** How the modem driver opens its port. */
export function openPort(
  config: Pick<SerialConfig, "port" | "baud">,
  roots: SystemRoots = systemRoots,
): OpenPort {
  return async () =>
    await openTty(await resolvePort(config.port, roots), {
      baud: config.baud,
      roots,
    });
}
