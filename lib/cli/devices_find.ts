/**
 * ◆ The device somebody means: by UID in any case, with or without leading
 * zeros, or by its configured name.
 *
 * @module
 */
import { nearest } from "../config/nearest.ts";
import type { DeviceJson } from "../http/json.ts";
import { AgentError } from "./agent_error.ts";

/**
 * @throws {AgentError} when there is none, naming one that may be meant
 */
export function deviceOf<T extends Pick<DeviceJson, "device" | "name">>(
  text: string,
  devices: readonly T[],
): T {
  const digits = text.toUpperCase();
  const found = devices.find(({ device, name }) =>
    device === digits || device === digits.padStart(16, "0") || name === text
  );
  if (found !== undefined) return found;
  const meant = nearest(
    text,
    devices.flatMap(({ device, name }) => name === null ? [device] : [name]),
  );
  throw new AgentError(
    `device ${text} is not known. ${
      meant === undefined ? "" : `Did you mean "${meant}"? `
    }All there are: dash7-edge devices`,
  );
}
