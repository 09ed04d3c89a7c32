/**
 * `ports`: serial ports with their stable names and who holds them.
 *
 * @module
 */
import { message } from "@optique/core/message";
import { map } from "@optique/core/modifiers";
import { command, constant } from "@optique/core/primitives";
import { listPorts, type PortInfo } from "../serial/ports.ts";
import type { Action, ExitCode, Io } from "./io.ts";

/** Grammar of `ports`. */
export const portsCommand = command(
  "ports",
  map(constant(null), (): Action => ports),
  {
    description:
      message`List serial ports, their stable names, and who holds them.`,
  },
);

async function ports(io: Io): Promise<ExitCode> {
  const found = await listPorts();
  if (found.length === 0) {
    io.err(
      "No serial port found. Is the modem plugged in? `dmesg` tells what the system saw.\n",
    );
  }
  for (const port of found) io.out(render(port));
  return 0;
}

function render({ path, byId, usb, holder }: PortInfo): string {
  const rows = [path];
  for (const name of byId) rows.push(`  by-id   ${name}`);
  if (usb !== null) {
    const words = [usb.manufacturer, usb.product, usb.serial]
      .filter((word) => word !== null && word !== "");
    rows.push(`  usb     ${usb.vendorId}:${usb.productId} ${words.join(", ")}`);
  }
  rows.push(
    `  held by ${
      holder === null ? "nobody seen" : `${holder.command} (pid ${holder.pid})`
    }`,
  );
  return `${rows.join("\n")}\n`;
}
