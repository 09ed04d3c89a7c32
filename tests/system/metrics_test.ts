import assert from "node:assert/strict";
import { energy, Plant } from "../fakes/plant.ts";

const deploy = new URL("../../deploy/", import.meta.url).pathname;
const DEVICES = ["326636300039004C", "3266363000390051"];

/** Runs Debian's promtool; fails with what it says. */
async function promtool(
  args: readonly string[],
  input = "",
): Promise<void> {
  const child = new Deno.Command("promtool", {
    args: [...args],
    cwd: `${deploy}prometheus`,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) +
    new TextDecoder().decode(stderr);
  assert.equal(code, 0, `promtool ${args.join(" ")}\n${said}`);
}

/** `/metrics` of an agent that has heard two devices. */
async function realMetrics(): Promise<string> {
  await using plant = await Plant.open(`[devices."${DEVICES[0]}"]
name = "Compressor 2"`);
  for (let n = 0n; n < 5n; n++) {
    await plant.hear(...DEVICES.map((device) => energy(device, n)));
    await plant.clock.advance(30_000);
  }
  return await plant.agent.view.metrics();
}

/** Our metrics in a text, without the parts of a histogram. */
function namesIn(text: string): ReadonlySet<string> {
  const found = text.matchAll(/\b(?:dash7_edge|process|nodejs)_[a-z0-9_]+/g);
  return new Set(
    [...found].map(([name]) => name.replace(/_(bucket|sum|count)$/, "")),
  );
}

/** Every `expr` of the dashboard. */
function expressionsIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(expressionsIn);
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === "expr" && typeof value === "string" ? [value] : expressionsIn(value)
  );
}

Deno.test("metrics() passes promtool check metrics", async () => {
  await promtool(["check", "metrics"], await realMetrics());
});

Deno.test("the alert rules are valid and do what their tests say", async () => {
  await promtool(["check", "rules", "dash7-edge.rules.yml"]);
  await promtool(["test", "rules", "dash7-edge.test.yml"]);
});

Deno.test("the example of a scrape is valid", async () => {
  // The token's file is on the machine of Prometheus only.
  await promtool(["check", "config", "--syntax-only", "prometheus.yml"]);
});

Deno.test("rules, their tests and the dashboard name metrics that there are", async () => {
  const text = await realMetrics();
  const told = new Set(
    [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name ?? ""),
  );
  // What has no sample is a name without a value: fine for none of these.
  const valued = namesIn(text.replaceAll(/^#.*$/gm, ""));
  for (
    const file of [
      "prometheus/dash7-edge.rules.yml",
      "prometheus/dash7-edge.test.yml",
      "grafana/dash7-edge.json",
    ]
  ) {
    const names = namesIn(await Deno.readTextFile(deploy + file));
    assert.ok(names.size > 5, file);
    for (const name of names) {
      assert.ok(told.has(name) && valued.has(name), `${name} in ${file}`);
    }
  }
});

Deno.test("every alert has a test, and says what to do", async () => {
  const rules = await Deno.readTextFile(
    `${deploy}prometheus/dash7-edge.rules.yml`,
  );
  const tests = await Deno.readTextFile(
    `${deploy}prometheus/dash7-edge.test.yml`,
  );
  const alerts = rules.split(/^ +- alert: /m).slice(1);
  assert.ok(alerts.length >= 15);
  for (const alert of alerts) {
    const name = alert.split("\n")[0] ?? "";
    assert.ok(tests.includes(name), `${name} has no test`);
    assert.match(alert, /severity: (critical|warning)/, name);
    assert.match(alert, /summary: "[^"]+"/, name);
    assert.match(alert, /description: >-\n/, name);
  }
});

Deno.test("every query of the dashboard is PromQL, and variables stand where Grafana has them", async () => {
  const text = await Deno.readTextFile(`${deploy}grafana/dash7-edge.json`);
  const dashboard = JSON.parse(text);
  const names = dashboard.templating.list.map(
    ({ name }: { name: string }) => name,
  );
  assert.deepEqual(names, ["datasource", "instance", "device"]);
  const expressions = expressionsIn(dashboard.panels);
  assert.ok(expressions.length > 25);
  const rules = expressions.map((expression, n) => {
    const plain = expression.replaceAll(/\$(instance|device)\b/g, ".*")
      .replaceAll("$__rate_interval", "5m");
    assert.doesNotMatch(plain, /\$/);
    return `      - record: panel:query:n${n}\n        expr: ${
      JSON.stringify(plain)
    }\n`;
  });
  const file = await Deno.makeTempFile({ suffix: ".yml" });
  try {
    await Deno.writeTextFile(
      file,
      `groups:\n  - name: dashboard\n    rules:\n${rules.join("")}`,
    );
    await promtool(["check", "rules", file]);
  } finally {
    await Deno.remove(file);
  }
  const ids = dashboard.panels.map(({ id }: { id: number }) => id);
  assert.equal(new Set(ids).size, ids.length);
});
