/**
 * The page over a running agent, in Chromium: the virtual modem on its line,
 * mosquitto behind its sinks, and a person who looks.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  accessible,
  drawn,
  narrowEnough,
  open,
  openBrowser,
} from "./browser.ts";
import {
  AgentProcess,
  clock,
  DEVICES,
  energyCommand,
  Line,
  tempDir,
} from "./harness.ts";
import { type Mosquitto, mosquitto } from "./mosquitto.ts";

const [NAMED = "", UNNAMED = ""] = DEVICES;

/** An agent with its line, a broker that can go and come, and its page. */
class Site implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  broker: Mosquitto;
  line: Line;

  private constructor(
    readonly dir: string,
    readonly agent: AgentProcess,
    readonly url: string,
    parts: { line: Line; broker: Mosquitto; stack: AsyncDisposableStack },
  ) {
    this.line = parts.line;
    this.broker = parts.broker;
    this.#stack = parts.stack;
  }

  static async open(): Promise<Site> {
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(await tempDir()).path;
    const broker = await mosquitto();
    stack.defer(() => site.broker[Symbol.asyncDispose]());
    const [brokerPort = 0] = broker.ports;
    const line = await Line.open(`${dir}/modem`);
    stack.defer(() => site.line[Symbol.asyncDispose]());
    const agent = stack.use(AgentProcess.start({
      dir,
      port: `${dir}/modem`,
      brokerPort,
      config: `[agent]
name = "hall-2"
data_dir = "${dir}/data"
[serial]
port = "${dir}/modem"
silence_ms = 300
[http]
listen = "127.0.0.1:0"
[devices."${NAMED}"]
name = "Compressor 2"
[sinks.cloud]
type = "scorpio"
broker = "mqtt://127.0.0.1:${brokerPort}"
project_id = "p"
edge_node_id = "gw1"
[sinks.file]
type = "jsonl"
path = "${dir}/readings.jsonl"
`,
    }));
    await agent.logged("Dashboard open");
    const url = /url=(http:\/\/127\.0\.0\.1:\d+)/.exec(agent.log)?.[1] ?? "";
    await agent.logged("Modem identified");
    const site: Site = new Site(dir, agent, `${url}/`, {
      line,
      broker,
      stack: stack.move(),
    });
    return site;
  }

  /** A reading of a device. */
  push(device = NAMED): void {
    this.line.push(device);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** The number that a sink's card says waits. */
async function waiting(page: Page, sink: string): Promise<number> {
  const text = await page.locator(`[data-sink=${sink}] .big`).innerText();
  return text === "Nothing waits" ? 0 : parseInt(text.replaceAll(/\D/g, ""));
}

/** Waits for a condition on the page. */
async function becomes(
  what: string,
  condition: () => Promise<boolean>,
): Promise<void> {
  const endMs = clock.monoMs() + 20_000;
  while (!(await condition())) {
    assert.ok(clock.monoMs() < endMs, `waited in vain for: ${what}`);
    await clock.sleep(50);
  }
}

Deno.test("the page shows devices as they come, their history and the way of each reading", async () => {
  await using site = await Site.open();
  await using browser = await openBrowser();
  await using watched = await open(browser, site.url);
  const { page } = watched;
  await page.getByText("No device was heard yet").waitFor();

  // Devices appear with their first frame and change with the next.
  site.push(NAMED);
  const row = page.locator(`[data-device="${NAMED}"]`);
  await row.getByText("Compressor 2").waitFor();
  assert.match(
    await row.innerText(),
    /OK[\s\S]*84\u202fdB, strong[\s\S]*Valid/,
  );
  site.line.send(
    site.line.modem.push(energyCommand(NAMED, 50n, { linkBudget: 126 }))[0] ??
      new Uint8Array(),
  );
  await row.getByText("126\u202fdB, weak").waitFor();
  site.push(UNNAMED);
  await page.getByText("Heard, but without a name").waitFor();
  assert.equal(
    await page.locator(".unnamed-list pre").innerText(),
    `[devices."${UNNAMED}"]\nname = ""\n`,
  );
  await page.locator("[data-sink=cloud]").getByText("Up").waitFor();
  await becomes("delivered", async () => await waiting(page, "cloud") === 0);
  await watched.shot("real-overview", true);

  // One device: history and readings.
  await row.getByRole("link").click();
  await page.getByRole("heading", { name: "Compressor 2" }).waitFor();
  for (let n = 0; n < 5; n++) site.push(NAMED);
  await becomes(
    "readings",
    async () => await page.locator(".readings tbody tr").count() === 7,
  );
  await page.getByRole("button", { name: "7 d" }).click();
  await page.getByText("7 readings").waitFor();
  await page.locator("[data-chart=voltage] canvas").waitFor();
  assert.ok(await drawn(page, "[data-chart=voltage]"));
  assert.ok(await drawn(page, "[data-chart=link]"));
  await accessible(page, "device");
  await watched.shot("real-device", true);

  // From a reading back to its bytes and on to the sinks.
  await page.locator(".readings tbody a").last().click();
  await page.getByRole("heading", { name: "Reading 1" }).waitFor();
  await page.getByRole("button", { name: /voltage/i }).first().focus();
  assert.deepEqual(
    (await page.locator(".hex .pointed").allTextContents()).join(" "),
    "e6 00 e6 00",
    "230 V in the frame and in the file",
  );
  await page.locator("[data-fate=delivered]").first().waitFor();
  assert.match(
    await page.locator("main").innerText(),
    new RegExp(
      `mqtts/p/DDATA/gw1/${NAMED}[\\s\\S]*Acknowledged|Acknowledged[\\s\\S]*mqtts/p/DDATA/gw1/${NAMED}`,
    ),
  );
  await accessible(page, "explain");
  await watched.shot("real-explain", true);

  // The live view: hex and decoded.
  await page.getByRole("link", { name: "Live frames" }).click();
  await page.locator(".lines > li").first().waitFor();
  site.push(NAMED);
  const live = page.locator(".lines > li", { hasText: "Compressor 2" }).first();
  await live.getByText(/c0 00 /i).waitFor();
  await live.locator("summary").click();
  await live.locator(".tree").first().waitFor();
  await accessible(page, "live");
  await watched.shot("real-live");
  watched.calm();
});

Deno.test("the page shows a broker that stops, what waits meanwhile, and how it drains", async () => {
  await using site = await Site.open();
  await using browser = await openBrowser();
  await using watched = await open(browser, site.url);
  const { page } = watched;
  const card = page.locator("[data-sink=cloud]");
  site.push();
  await card.getByText("Up", { exact: true }).waitFor();
  const { ports } = site.broker;
  await site.broker[Symbol.asyncDispose]();
  await card.getByText("Down", { exact: true }).waitFor();
  assert.equal(await card.getAttribute("data-mood"), "bad");
  const colour = await page.evaluate(
    `getComputedStyle(document.querySelector("[data-sink=cloud]")).borderTopColor`,
  );
  assert.equal(colour, "rgb(173, 31, 26)");
  for (let n = 0; n < 5; n++) site.push();
  await becomes("some wait", async () => await waiting(page, "cloud") >= 5);
  for (let n = 0; n < 5; n++) site.push();
  await becomes("more wait", async () => await waiting(page, "cloud") >= 10);
  assert.equal(await waiting(page, "file"), 0, "the other sink goes on");
  await page.locator(".problems").getByText(/cloud/).first().waitFor();
  await accessible(page, "a sink that is down");
  await watched.shot("real-sink-down", true);
  await page.selectOption("#language", "fr");
  await card.getByText("Coupée").waitFor();
  await page.locator(".problems").getByText("La destination cloud est coupée")
    .waitFor();
  await watched.shot("real-sink-down-fr", true);
  site.broker = await mosquitto({ ports });
  // It is tried again after a minute at the latest.
  await card.getByText("Connectée").waitFor({ timeout: 75_000 });
  await card.getByText("Rien en attente").waitFor();
  await page.locator(".problems").getByText("cloud").waitFor({
    state: "detached",
  });
  watched.calm();
});

Deno.test("the page shows a port that is pulled and comes back, on a phone", async () => {
  await using site = await Site.open();
  await using browser = await openBrowser();
  await using watched = await open(browser, site.url, {
    viewport: { width: 375, height: 740 },
    colorScheme: "dark",
  });
  const { page } = watched;
  site.push();
  await page.locator(`[data-device="${NAMED}"]`).waitFor();
  await page.locator("main").getByText("Down").waitFor({ state: "hidden" });
  await site.line[Symbol.asyncDispose]();
  await page.locator(".problems").getByText("The serial port is not open")
    .waitFor();
  await page.locator(".card", { hasText: "Port and modem" }).getByText("Down")
    .waitFor();
  await narrowEnough(page, "a port that is pulled");
  await accessible(page, "a port that is pulled");
  await watched.shot("real-port-pulled-phone", true);
  site.line = await Line.open(`${site.dir}/modem`, site.line);
  await page.locator(".problems").getByText("The serial port").waitFor({
    state: "detached",
  });
  await page.locator(".card", { hasText: "Port and modem" }).getByText("Up")
    .waitFor();
  site.push();
  await page.locator(`[data-device="${NAMED}"]`).getByText(
    /0 sec ago|1 sec ago/,
  ).waitFor();
  watched.calm();
});
