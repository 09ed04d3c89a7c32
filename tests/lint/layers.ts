/**
 * The import table of this project as lint rules: data moves left to right,
 * imports point left. A new arrow is a decision; it is made in this table and
 * told in `DECISIONS.md`.
 *
 * @module
 */

/** What the files of a folder (or one file) of `lib/` may import, besides their own folder. */
interface Row {
  readonly may: readonly string[];
  /** Imports allowed as types only. */
  readonly types?: readonly string[];
}

/** Folder or file below `lib/` → folders and files below `lib/` it may import. */
export const layers: Readonly<Record<string, Row>> = {
  "clock.ts": { may: [] },
  "log.ts": { may: [] },
  "machine.ts": { may: [] },
  "bytes": { may: [] },
  "reading": { may: [] },
  "frame": { may: ["bytes"] },
  "alp": { may: ["bytes"] },
  "files": { may: ["bytes", "alp", "reading"] },
  "serial": { may: ["bytes", "capture", "clock.ts", "log.ts"] },
  "modem": {
    may: [
      "clock.ts",
      "log.ts",
      "machine.ts",
      "frame",
      "alp",
      "files/system.ts",
      "serial/serial.ts",
    ],
  },
  "store": { may: ["clock.ts", "log.ts", "reading"] },
  "device": { may: ["clock.ts", "log.ts", "machine.ts", "reading"] },
  "downlink": {
    may: ["clock.ts", "log.ts", "machine.ts", "alp", "files", "reading"],
    types: ["device/device.ts"],
  },
  "mqtt": { may: ["clock.ts", "log.ts"] },
  "notify": { may: ["clock.ts", "log.ts"] },
  "sink": {
    may: [
      "clock.ts",
      "log.ts",
      "machine.ts",
      "bytes",
      "reading",
      "mqtt/mqtt.ts",
      "mqtt/supervisor.ts",
      "http/exchange.ts",
      "http/server.ts",
    ],
    types: ["store/outbox.ts", "device/device.ts", "downlink/downlink.ts"],
  },
  "capture": { may: ["bytes", "clock.ts", "log.ts"] },
  "http": {
    may: ["clock.ts", "log.ts", "reading"],
    types: ["store", "sink", "device/device.ts", "downlink/downlink.ts"],
  },
  "inspect": {
    may: [
      "clock.ts",
      "log.ts",
      "bytes",
      "frame",
      "alp",
      "files",
      "reading",
      "device/cadence.ts",
      "device/hearing.ts",
      "config/secrets.ts",
    ],
    types: [
      "store",
      "sink",
      "modem",
      "device",
      "downlink",
      "intake.ts",
      "config",
      "capture",
      "http/json.ts",
      "http/view.ts",
    ],
  },
  "config": {
    may: [
      "log.ts",
      "serial/serial.ts",
      "modem/modem.ts",
      "reading/settings.ts",
      "store/store.ts",
      "http/http.ts",
      "mqtt/mqtt.ts",
      "sink/kinds.ts",
    ],
  },
  "intake.ts": {
    may: ["clock.ts", "log.ts", "alp", "files", "reading", "store"],
    types: ["config/config.ts", "modem/modem.ts"],
  },
  "flight.ts": {
    may: ["clock.ts", "log.ts", "capture", "config/redactor.ts"],
    types: ["config/config.ts", "modem/modem.ts", "store/store.ts"],
  },
  "upkeep.ts": { may: ["clock.ts", "log.ts", "store", "device"] },
  "agent.ts": {
    may: [
      "intake.ts",
      "upkeep.ts",
      "flight.ts",
      "clock.ts",
      "log.ts",
      "machine.ts",
      "bytes",
      "frame",
      "alp",
      "files",
      "reading",
      "device",
      "downlink",
      "serial",
      "modem",
      "store",
      "mqtt",
      "sink",
      "capture",
      "inspect",
      "http",
      "notify",
      "config",
    ],
  },
  "cli": { may: ["*"] },
};

/** npm package → the files (or folders) below the root that may import it. */
export const packages: Readonly<Record<string, readonly string[]>> = {
  "mqtt": ["lib/mqtt/mqttjs.ts"],
  "smol-toml": ["lib/config/"],
  "@logtape/logtape": ["lib/log.ts"],
  "@optique/core": ["lib/cli/"],
  "@optique/run": ["lib/cli/"],
  "aedes": ["lib/cli/sim/"],
  "prom-client": ["lib/inspect/metrics.ts"],
  "uplot": ["lib/http/page/"],
  "zod": ["lib/"],
};

/** Files without I/O, clock, randomness, timers or logging. */
export const pure: readonly string[] = [
  "lib/bytes/",
  "lib/frame/",
  "lib/alp/",
  "lib/files/",
  "lib/reading/",
  "lib/machine.ts",
  "lib/modem/events.ts",
  "lib/modem/requests.ts",
  "lib/modem/session.ts",
  "lib/sink/scorpio/payload.ts",
  "lib/sink/emqtt/machine",
  "lib/sink/emqtt/payload",
  "lib/device/supervise.ts",
  "lib/device/hearing.ts",
  "lib/device/limits.ts",
  "lib/device/cadence.ts",
  "lib/device/fields.ts",
  "lib/device/gateway.ts",
  "lib/device/persist.ts",
  "lib/capture/capture.ts",
  "lib/capture/anomaly.ts",
  "lib/downlink/queue.ts",
  "lib/downlink/overlap.ts",
  "lib/downlink/command.ts",
  "lib/inspect/decision.ts",
  "lib/inspect/thin.ts",
  "lib/cli/doctor/account.ts",
  "lib/cli/doctor/codes.ts",
  "lib/cli/doctor/finding.ts",
  "lib/cli/doctor/show.ts",
  "lib/cli/doctor/broker_rules.ts",
  "lib/cli/doctor/disk_rules.ts",
  "lib/cli/doctor/host_rules.ts",
  "lib/cli/doctor/port_rules.ts",
  "lib/inspect/devices.ts",
  "lib/inspect/device_problems.ts",
  "lib/inspect/facts.ts",
  "lib/inspect/lasts.ts",
  "lib/inspect/line_problems.ts",
  "lib/inspect/measurement.ts",
  "lib/inspect/metric_rows.ts",
  "lib/inspect/outbox_problems.ts",
  "lib/inspect/problems.ts",
  "lib/inspect/since.ts",
  "lib/inspect/sink_problems.ts",
  "lib/inspect/snapshot.ts",
  "lib/inspect/status.ts",
  "lib/inspect/tally.ts",
  "lib/inspect/words.ts",
  "lib/http/guard.ts",
  "lib/http/parcels.ts",
  "lib/http/params.ts",
  "lib/cli/agent_error.ts",
  "lib/cli/devices_find.ts",
  "lib/cli/devices_page.ts",
  "lib/cli/explain_page.ts",
  "lib/cli/grammar.ts",
  "lib/cli/help.ts",
  "lib/cli/measured.ts",
  "lib/cli/queue_pages.ts",
  "lib/cli/status_page.ts",
  "lib/cli/status_sinks.ts",
  "lib/cli/table.ts",
  "lib/cli/words.ts",
];

/** Calls and names that make a file impure. */
const impure = new Set([
  "Date.now",
  "Math.random",
  "performance.now",
  "crypto.getRandomValues",
  "crypto.randomUUID",
]);
const impureNames = new Set([
  "setTimeout",
  "setInterval",
  "queueMicrotask",
  "fetch",
  "Deno",
  "console",
]);

/** The only file that opens foreign libraries. */
const foreign = "lib/serial/libc.ts";

/** Path from the project's root, with `/`. */
function fromRoot(filename: string): string {
  const path = filename.replaceAll("\\", "/");
  const at = path.lastIndexOf("/lib/");
  return at < 0 ? path : path.slice(at + 1);
}

function resolve(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const piece of specifier.split("/")) {
    if (piece === "..") parts.pop();
    else if (piece !== ".") parts.push(piece);
  }
  return parts.join("/");
}

function rowOf(path: string): [string, Row] | null {
  for (const [name, row] of Object.entries(layers)) {
    const place = `lib/${name}`;
    if (path === place || path.startsWith(`${place}/`)) return [name, row];
  }
  return null;
}

function allows(names: readonly string[], target: string): boolean {
  return names.some((name) =>
    name === "*" || target === `lib/${name}` ||
    target.startsWith(`lib/${name}/`)
  );
}

/**
 * Says why `file` may not import `specifier`, or null when it may.
 *
 * @param file path from the project's root, e.g. `lib/sink/runner.ts`
 */
export function refusal(
  file: string,
  specifier: string,
  typeOnly: boolean,
): string | null {
  if (!file.startsWith("lib/")) return null;
  const row = rowOf(file);
  if (row === null) return `${file} has no row in the import table`;
  const [name, { may, types = [] }] = row;
  if (specifier.startsWith(".")) {
    const target = resolve(file, specifier);
    // The version stands in one place, and so do the files that `install` writes.
    if (name === "cli" && /^(deno\.json$|deploy\/)/.test(target)) return null;
    if (!target.startsWith("lib/")) return `${file} leaves lib/`;
    if (target.startsWith(`lib/${name}/`) || target === `lib/${name}`) {
      return null;
    }
    if (allows(may, target)) return null;
    if (allows(types, target)) {
      return typeOnly
        ? null
        : `${name} may import only types of ${target.slice(4)}`;
    }
    return `${name} may not import ${target.slice(4)}`;
  }
  if (specifier.startsWith("node:")) {
    return pure.some((place) => file.startsWith(place))
      ? `${file} is pure and may not import ${specifier}`
      : null;
  }
  const owner = Object.keys(packages).find((known) =>
    specifier === known || specifier.startsWith(`${known}/`)
  );
  if (owner === undefined) {
    return `${specifier} has no row in the table of packages`;
  }
  return packages[owner]?.some((place) => file.startsWith(place))
    ? null
    : `${specifier} enters through ${packages[owner]?.join(", ")} only`;
}

const plugin: Deno.lint.Plugin = {
  name: "edge",
  rules: {
    layers: {
      create(context) {
        const file = fromRoot(context.filename);
        const check = (
          node: Deno.lint.Node,
          source: { value: unknown } | null | undefined,
          typeOnly: boolean,
        ) => {
          if (typeof source?.value !== "string") return;
          const reason = refusal(file, source.value, typeOnly);
          if (reason === null) return;
          context.report({
            node,
            message: reason,
            hint:
              "Imports point left: see the table in tests/lint/layers.ts and DECISIONS.md",
          });
        };
        return {
          ImportDeclaration: (node) =>
            check(node, node.source, node.importKind === "type"),
          ExportNamedDeclaration: (node) =>
            check(node, node.source, node.exportKind === "type"),
          ExportAllDeclaration: (node) =>
            check(node, node.source, node.exportKind === "type"),
          ImportExpression(node) {
            if (!file.startsWith("lib/")) return;
            context.report({
              node,
              message: "No dynamic import: the compiled binary is one graph",
            });
          },
        };
      },
    },
    pure: {
      create(context) {
        const file = fromRoot(context.filename);
        const isPure = pure.some((place) => file.startsWith(place));
        const tell = (node: Deno.lint.Node, what: string) =>
          context.report({
            node,
            message: `${file} is pure: no ${what}`,
            hint: "Take it as an argument, or ask for it as an effect",
          });
        return {
          MemberExpression(node) {
            if (
              node.object.type !== "Identifier" ||
              node.property.type !== "Identifier"
            ) return;
            const name = `${node.object.name}.${node.property.name}`;
            if (
              name === "Deno.dlopen" && file.startsWith("lib/") &&
              file !== foreign
            ) {
              context.report({
                node,
                message: `dlopen stands in ${foreign} only`,
              });
            }
            if (isPure && (impure.has(name) || node.object.name === "Deno")) {
              tell(node, name);
            }
          },
          CallExpression(node) {
            if (!isPure || node.callee.type !== "Identifier") return;
            if (impureNames.has(node.callee.name)) tell(node, node.callee.name);
          },
          NewExpression(node) {
            if (
              isPure && node.callee.type === "Identifier" &&
              node.callee.name === "Date" && node.arguments.length === 0
            ) tell(node, "new Date()");
          },
          AwaitExpression(node) {
            if (isPure) tell(node, "await");
          },
        };
      },
    },
  },
};

export default plugin;
