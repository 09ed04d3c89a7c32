import assert from "node:assert/strict";
import type { Code, Status } from "../../lib/cli/doctor/codes.ts";
import { openPty } from "../../lib/cli/sim/pty.ts";
import { cli, tempDir } from "../cli/command_line.ts";
import { holdPort } from "../serial/holding.ts";
import { datedCertificates } from "./dated_certificates.ts";
import { AgentProcess, clock, DEVICES, Line } from "./harness.ts";
import { certificates, mosquitto } from "./mosquitto.ts";

/** A line of `doctor --json`. */
interface Row {
  readonly subject: string;
  readonly status: Status;
  readonly code: Code;
  readonly what: string;
  readonly found: string;
  readonly fix: string | null;
  readonly took_ms: number;
}

/** Runs `doctor` on a configuration of its own. */
async function examine(
  dir: string,
  toml: string,
): Promise<{ code: number; rows: readonly Row[]; of(subject: string): Row[] }> {
  const file = `${dir}/doctor-${crypto.randomUUID()}.toml`;
  await Deno.writeTextFile(file, toml, { mode: 0o600 });
  const { code, out, err } = await cli(["doctor", "--config", file, "--json"]);
  assert.equal(err, "");
  assert.doesNotMatch(out, /geheim/);
  const rows = out.trimEnd().split("\n").map((line) => JSON.parse(line) as Row);
  return {
    code,
    rows,
    of: (subject) => rows.filter((row) => row.subject === subject),
  };
}

/** `status code` of each row. */
function told(rows: readonly Row[]): string[] {
  return rows.map(({ status, code }) => `${status} ${code}`);
}

function base(dir: string, port: string): string {
  return `[agent]
data_dir = "${dir}/data"
[serial]
port = "${port}"
silence_ms = 300
[http]
listen = ""
`;
}

function scorpio(name: string, broker: string, more = "", tls = ""): string {
  return `[sinks.${name}]
type = "scorpio"
broker = "${broker}"
client_id = "${name}"
username = "gw"
project_id = "p"
edge_node_id = "gw1"
${/password|protocol/.test(more) ? more : `password = "geheim"\n${more}`}
${tls === "" ? "" : `[sinks.${name}.tls]\n${tls}`}
`;
}

Deno.test("doctor goes every step to a broker, and names the one that fails", async (t) => {
  await using dir = await tempDir();
  await using made = await certificates();
  await datedCertificates(made, [
    { name: "expired", from: "20200101000000Z", until: "20210101000000Z" },
  ]);
  const ca = made.file("ca.crt");
  const pair = (name: string) => ({
    ca,
    cert: made.file(`${name}.crt`),
    key: made.file(`${name}.key`),
  });
  await using broker = await mosquitto({
    listeners: [
      {},
      { certificates: pair("server") },
      { certificates: pair("expired") },
      { certificates: pair("elsewhere") },
      { certificates: pair("server"), clientCertificate: true },
    ],
    users: { gw: "geheim", reader: "geheim" },
    acl: ["user gw", "topic readwrite #", "user reader", "topic read #"],
  });
  const [plain = 0, tls, expired, elsewhere, mutual] = broker.ports;
  using mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const held: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of mute) held.push(connection);
  })();
  using gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const goneUrl = `mqtt://127.0.0.1:${gone.addr.port}`;
  gone.close();
  const own = `ca_file = "${ca}"`;
  const client = `cert_file = "${made.file("client.crt")}"
key_file = "${made.file("client.key")}"`;
  const at = (port: number | undefined) => `mqtts://localhost:${port}`;
  // A plug that SICON.OS has locked to a broker before.
  await Deno.mkdir(`${dir.path}/data`);
  await Deno.writeTextFile(
    `${dir.path}/data/emqtt-locked.json`,
    JSON.stringify({ uid: null, lock: `mqtt://localhost:${plain}`, ids: {} }),
  );
  const startMs = clock.monoMs();
  const result = await examine(
    dir.path,
    base(dir.path, "/nowhere/tty") +
      scorpio("plain", `mqtt://localhost:${plain}`) +
      scorpio("tls", at(tls), "", own) +
      scorpio("mutual", at(mutual), "", `${own}\n${client}`) +
      scorpio("expired", at(expired), "", own) +
      scorpio("elsewhere", at(elsewhere), "", own) +
      scorpio("stranger", at(tls)) +
      scorpio("unverified", at(expired), "", "verify = false") +
      scorpio("unproven", at(mutual), "", own) +
      scorpio("untls", at(plain), "", own) +
      scorpio("lost", at(tls), "", `ca_file = "${made.file("none")}"`) +
      scorpio("wrong", `mqtt://localhost:${plain}`, 'password = "geheimer"') +
      scorpio(
        "old",
        `mqtt://localhost:${plain}`,
        'password = "geheim"\nprotocol = "3.1.1"',
      ) +
      scorpio("reader", `mqtt://localhost:${plain}`)
        .replace('username = "gw"', 'username = "reader"') +
      scorpio("refused", goneUrl) +
      scorpio("unknown", "mqtts://broker.invalid") +
      scorpio("mute", `mqtts://127.0.0.1:${mute.addr.port}`, "", own) +
      scorpio("deaf", `mqtt://127.0.0.1:${mute.addr.port}`) +
      `[sinks.copy]
type = "jsonl"
path = "${dir.path}/readings.jsonl"
[sinks.astray]
type = "jsonl"
path = "${dir.path}/none/readings.jsonl"
[sinks.plug]
type = "emqtt"
registration = "onCloud"
broker = "mqtt://localhost:${plain}"
username = "gw"
password = "geheim"
vendor_id = 1
uid = "001122334455"
[sinks.site]
type = "emqtt"
registration = "onSite"
username = "gw"
password = "geheim"
vendor_id = 1
uid = "001122334456"
http_listen = "127.0.0.1:${plain}"
[sinks.locked]
type = "emqtt"
registration = "onSite"
username = "gw"
password = "geheim"
vendor_id = 1
uid = "001122334457"
http_listen = "127.0.0.1:0"
`,
  );
  const seconds = (clock.monoMs() - startMs) / 1000;
  mute.close();
  await accepting.catch(() => {});
  for (const connection of held) connection.close();
  assert.equal(result.code, 1);
  assert.ok(seconds < 15, `took ${seconds} s`);

  const good = ["ok dns", "ok tcp"];
  const chain = ["warn tls_expires", "warn tls_expires"];
  const stopped = ["skip skipped", "skip skipped"];
  const expected: Readonly<Record<string, readonly string[]>> = {
    plain: [...good, "ok login", "ok publish"],
    tls: [...good, ...chain, "ok tls", "ok login", "ok publish"],
    mutual: [
      ...good,
      "warn tls_client_expires",
      ...chain,
      "ok tls",
      "ok login",
      "ok publish",
    ],
    expired: [...good, "fail tls_expired", "warn tls_expires", ...stopped],
    elsewhere: [...good, ...chain, "fail tls_name", ...stopped],
    stranger: [
      ...good,
      ...chain,
      "fail tls_unknown_authority",
      ...stopped,
    ],
    unverified: [
      ...good,
      "warn tls_expired",
      "warn tls_expires",
      "warn tls_unknown_authority",
      "warn tls_unverified",
      "ok login",
      "ok publish",
    ],
    unproven: [
      ...good,
      ...chain,
      "ok tls",
      "fail login_failed",
      "skip skipped",
    ],
    untls: [...good, "fail tls_handshake", ...stopped],
    lost: [...good, "fail tls_files", ...stopped],
    wrong: [...good, "fail login_refused", "skip skipped"],
    old: [...good, "ok login", "skip publish_unseen"],
    reader: [...good, "ok login", "fail publish_denied"],
    refused: ["ok dns_literal", "fail tcp_refused", ...stopped],
    unknown: [
      "fail dns_unknown",
      "skip skipped",
      "skip skipped",
      ...stopped,
    ],
    mute: ["ok dns_literal", "ok tcp", "fail tls_handshake", ...stopped],
    deaf: ["ok dns_literal", "ok tcp", "fail login_failed", "skip skipped"],
    copy: ["ok file"],
    astray: ["fail file_no_directory"],
    plug: [...good, "ok login", "skip publish_untried"],
    site: ["fail listener_taken", "ok awaited"],
    locked: [
      "ok listener",
      ...good,
      "ok login",
      "skip publish_untried",
    ],
  };
  for (const [name, codes] of Object.entries(expected)) {
    await t.step(name, () => {
      const rows = result.of(`sinks.${name}`);
      // A machine without name servers says so of any name, and one whose clock
      // is not synchronised names it beside every date.
      const found = told(rows).map((row) =>
        row.replace("dns_no_answer", "dns_unknown")
          .replace("tls_clock_maybe", "tls_expired")
      );
      assert.deepEqual(found, codes, JSON.stringify(rows, null, 1));
      for (const { status, fix, took_ms } of rows) {
        assert.equal(
          fix !== null,
          status === "fail" || status === "warn" || fix !== null,
        );
        if (status === "fail") assert.ok(fix !== null && fix.length > 10);
        assert.ok(took_ms >= 0);
      }
    });
  }
  await t.step("the port that is not there", () => {
    assert.deepEqual(told(result.of("serial")), [
      "fail port_absent",
      "skip skipped",
    ]);
  });
});

Deno.test("doctor lets the modem say who it is", async () => {
  await using dir = await tempDir();
  await using line = await Line.open(`${dir.path}/modem`);
  const { rows, of } = await examine(dir.path, base(dir.path, line.path));
  assert.deepEqual(told(of("serial")), [
    "ok port",
    "ok port_access",
    "ok modem",
  ]);
  assert.match(of("serial").at(-1)?.found ?? "", /UID [0-9A-F]{16}, firmware /);
  assert.ok(rows.some(({ code }) => code === "agent_none"));
  assert.ok(rows.some(({ code }) => /^data_dir/.test(code)));
});

Deno.test("doctor tells a silent port, one that talks otherwise, and one that is held", async (t) => {
  await using dir = await tempDir();
  await using silent = await openPty();
  await using garbled = await openPty();
  await using busy = await openPty();
  await using holding = await holdPort(busy.path);
  const stop = new AbortController();
  const noise = (async () => {
    while (!stop.signal.aborted) {
      garbled.offer(new TextEncoder().encode("login: "));
      await clock.sleep(100, { signal: stop.signal });
    }
  })();
  const [quiet, noisy, held] = await Promise.all(
    [silent, garbled, busy].map(({ path }) =>
      examine(dir.path, base(dir.path, path))
    ),
  );
  stop.abort();
  await noise;
  const last = (result: typeof quiet) => result?.of("serial").at(-1);
  await t.step("silent", () => {
    assert.equal(last(quiet)?.code, "modem_silent");
    assert.equal(quiet?.code, 1);
  });
  await t.step("garbled", () => {
    assert.equal(last(noisy)?.code, "modem_garbled");
  });
  await t.step("held", () => {
    const rows = held?.of("serial") ?? [];
    assert.deepEqual(told(rows), [
      "ok port",
      "ok port_access",
      "fail port_busy",
      "skip skipped",
    ]);
    const busyRow = rows.find(({ code }) => code === "port_busy");
    assert.match(busyRow?.found ?? "", new RegExp(`pid ${holding.pid}`));
    assert.match(busyRow?.fix ?? "", /stop it with .*kill/);
  });
});

Deno.test("doctor asks the running agent instead of its port", async () => {
  await using dir = await tempDir();
  await using broker = await mosquitto();
  await using line = await Line.open(`${dir.path}/modem`);
  await using agent = AgentProcess.start({
    dir: dir.path,
    port: line.path,
    brokerPort: broker.ports[0] ?? 0,
  });
  await agent.logged("Modem identified");
  line.push(DEVICES[0] ?? "");
  const { code, out } = await cli([
    "doctor",
    "--json",
    "--config",
    `${dir.path}/dash7-edge.toml`,
  ]);
  const rows = out.trimEnd().split("\n").map((text) => JSON.parse(text) as Row);
  assert.equal(code, 0, out);
  const codes = new Set(rows.map((row) => row.code));
  for (
    const one of [
      "agent",
      "port_held_by_agent",
      "modem_heard",
      "sink_up",
      "publish",
    ] as const
  ) assert.ok(codes.has(one), `no ${one} in ${out}`);
});
