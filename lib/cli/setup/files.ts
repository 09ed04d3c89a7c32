/**
 * What `install` and the packages put on a gateway: the files of `deploy/`,
 * which travel inside the program, and where they go.
 *
 * @module
 */
import rule from "../../../deploy/60-dash7-edge.rules" with { type: "text" };
import unit from "../../../deploy/dash7-edge.service" with { type: "text" };
import { renderTemplate } from "../../config/template.ts";
import type { Table } from "../../config/toml.ts";

/** Name of the service, its user and its directories. */
export const NAME = "dash7-edge";

/** Where things are on a gateway. */
export const places = {
  binary: "/usr/local/bin/dash7-edge",
  /** The program before the last upgrade. */
  previous: "/usr/local/bin/dash7-edge.previous",
  /** A new program while it is tried. */
  staged: "/usr/local/bin/.dash7-edge.new",
  unit: "/etc/systemd/system/dash7-edge.service",
  rule: "/etc/udev/rules.d/60-dash7-edge.rules",
  configDir: "/etc/dash7-edge",
  config: "/etc/dash7-edge/dash7-edge.toml",
  password: "/etc/dash7-edge/password",
  state: "/var/lib/dash7-edge",
  /** The service's own cache. */
  cache: "/var/cache/dash7-edge",
  /** What portable programs unpack for all users, each part under its SHA-256. */
  shared: "/var/cache/dash7-edge-shared",
  /** Says that the package manager looks after dash7-edge here. */
  package: "/var/lib/dpkg/info/dash7-edge.list",
} as const;

/** The unit for a program copied by `install`. */
export function unitText(): string {
  return unit.replace("/usr/bin/dash7-edge", places.binary);
}

/** The udev rule. */
export function ruleText(): string {
  return rule;
}

/**
 * The configuration of an installed gateway: the template with the directories
 * of the service in it, so that `check` and `status` find them from a shell, too.
 *
 * @param values further settings, by section
 */
export function systemConfig(
  values: Table = {},
  notes: readonly string[] = [],
): string {
  return renderTemplate({
    values: {
      ...values,
      agent: { data_dir: places.state },
      http: { socket: "/run/dash7-edge/control.sock" },
    },
    notes,
  });
}

/** SHA-256 of bytes, as hex. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

const MARK = /^# Written by dash7-edge install; sha256 ([0-9a-f]{64})\n/;

/** A file of ours with its own checksum at its head, so that a change by hand shows. */
export async function marked(text: string): Promise<string> {
  return `# Written by dash7-edge install; sha256 ${await hashOf(
    text,
  )}\n${text}`;
}

/** Whether a text is as {@link marked} made it, in whatever release. */
export async function isUntouched(text: string): Promise<boolean> {
  const match = MARK.exec(text);
  return match !== null &&
    match[1] === await hashOf(text.slice(match[0].length));
}

function hashOf(text: string): Promise<string> {
  return sha256(new TextEncoder().encode(text));
}
