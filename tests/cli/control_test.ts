import assert from "node:assert/strict";
import { othersSocket } from "../../lib/cli/answering.ts";
import { placesOf, SERVICE_SOCKET, socketOf } from "../../lib/cli/socket.ts";
import { loadConfig } from "../../lib/config/config.ts";
import { FakeAgent } from "../fakes/control.ts";
import { CommandProcess, configIn, MAIN, tempDir } from "./command_line.ts";

const env = (variables: Readonly<Record<string, string>>) => ({
  env: (name: string) => variables[name],
});

const settings: readonly (readonly [
  string,
  Readonly<Record<string, string>>,
])[] = [
  ["", {}],
  ["", { STATE_DIRECTORY: "/var/lib/a:/var/lib/b" }],
  ["", { RUNTIME_DIRECTORY: "/run/a:/run/b", STATE_DIRECTORY: "/var/lib/a" }],
  ['[agent]\ndata_dir = "/data"\n', {}],
  ['[agent]\ndata_dir = "${DIR:-/data}"\n', { DIR: "/other" }],
  ['[http]\nsocket = "/run/x.sock"\n', { RUNTIME_DIRECTORY: "/run/a" }],
];
for (const [toml, variables] of settings) {
  Deno.test(
    `socketOf() names the socket the agent opens: ${
      JSON.stringify([toml, variables])
    }`,
    async () => {
      const { config } = await loadConfig("t.toml", {
        ...env(variables),
        readFile: () => Promise.resolve(toml),
        mode: () => Promise.resolve(null),
        hostname: () => "host",
      });
      assert.equal(socketOf(toml, env(variables)), config.http.socket);
    },
  );
}

Deno.test("socketOf() needs none of the secrets of a configuration", () => {
  const toml = '[http]\nsocket = "/run/x.sock"\n' +
    '[sinks.cloud]\ntype = "scorpio"\npassword = "${NOT_SET:?}"\n';
  assert.equal(socketOf(toml, env({})), "/run/x.sock");
});

Deno.test("placesOf() goes by --socket, then the configuration, then the service", async () => {
  await using dir = await tempDir();
  const config = await configIn(dir.path, '[http]\nsocket = "/run/x.sock"\n');
  const io = (variables: Readonly<Record<string, string>> = {}) => ({
    out() {},
    err() {},
    stdin: new ReadableStream<Uint8Array>(),
    signal: new AbortController().signal,
    colors: false,
    ...env(variables),
  });
  const paths = async (
    options: { config?: string; socket?: string },
    variables?: Readonly<Record<string, string>>,
  ) =>
    (await placesOf(
      { config: options.config, socket: options.socket },
      io(variables),
    )).map(({ path }) => path);
  assert.deepEqual(await paths({ config, socket: "/s" }), ["/s"]);
  assert.deepEqual(await paths({ config }), ["/run/x.sock"]);
  assert.deepEqual(await paths({}, { DASH7_EDGE_CONFIG: config }), [
    "/run/x.sock",
  ]);
  assert.deepEqual(await paths({}), [SERVICE_SOCKET]);
  assert.deepEqual(await paths({}, { RUNTIME_DIRECTORY: "/run/user/1" }), [
    "/run/user/1/control.sock",
    SERVICE_SOCKET,
  ]);
});

Deno.test("othersSocket() says whose it is and how to ask as them", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/control.sock`;
  await Deno.writeTextFile(path, "");
  const mine = await othersSocket(path, "queue stats");
  const user = Deno.env.get("USER") ?? "";
  assert.match(
    mine,
    /^the agent's control socket .* belongs to the user \S+\n/,
  );
  assert.match(
    mine,
    /\nAsk as that user: sudo (-u \S+ )?dash7-edge queue stats$/,
  );
  if (Deno.uid() === 0) {
    await Deno.chown(path, 1, 1);
    assert.equal(
      await othersSocket(path, "status"),
      `the agent's control socket ${path} belongs to the user daemon\nAsk as that user: sudo -u daemon dash7-edge status`,
    );
    await Deno.chown(path, 64_123, 1);
    assert.match(
      await othersSocket(path, "status"),
      /belongs to the user #64123\nAsk as that user: sudo -u '#64123' dash7-edge status$/,
    );
  } else assert.ok(mine.includes(user));
  assert.match(
    await othersSocket("/nowhere/at/all", "status"),
    /belongs to another user\nAsk as that user: sudo dash7-edge status$/,
  );
});

/** Root may open any socket, unless it gives that right away first. */
const ROOT = Deno.uid() === 0;
const DROP = "-dac_override,-dac_read_search";

Deno.test("status tells a socket of another user from no agent", async () => {
  await using agent = await FakeAgent.open();
  if (ROOT) await Deno.chown(agent.socket, 1, 1);
  await Deno.chmod(agent.socket, ROOT ? 0o600 : 0);
  const line = ["run", "--allow-all", "--no-prompt", MAIN, "status"];
  const args = [...line, "--socket", agent.socket];
  const { code, stderr } = await new Deno.Command(
    ROOT ? "setpriv" : Deno.execPath(),
    {
      args: ROOT
        ? [
          `--bounding-set=${DROP}`,
          `--inh-caps=${DROP}`,
          Deno.execPath(),
          ...args,
        ]
        : args,
    },
  ).output();
  assert.equal(code, 1);
  assert.match(
    new TextDecoder().decode(stderr),
    /^dash7-edge: the agent's control socket .* belongs to the user \S+\nAsk as that user: sudo -u \S+ dash7-edge status\n$/,
  );
});

Deno.test("withAgent() minds no proxy of the environment", async () => {
  await using agent = await FakeAgent.open();
  const proxy = "http://127.0.0.1:9";
  for (
    const variables of [
      { HTTP_PROXY: proxy, http_proxy: proxy, ALL_PROXY: proxy },
      { NO_PROXY: "*", no_proxy: "*", HTTP_PROXY: proxy },
    ]
  ) {
    await using command = new CommandProcess(
      ["status", "--json", "--socket", agent.socket],
      variables,
    );
    const { code, out, err } = await command.ended();
    assert.equal(code, 0, err);
    assert.equal(JSON.parse(out).agent.name, "hall-2");
  }
});
