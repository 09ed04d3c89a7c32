/**
 * What the page does by itself, in Chromium, with made-up answers: every view
 * in both themes, both languages and on a phone; hostile names; token; loss.
 *
 * Longer than other files since it is one test after another.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { FakeAgent } from "../page/fake_server.ts";
import {
  device,
  downSink,
  HOSTILE,
  line,
  reading,
  sink,
  status,
  troubledStatus,
  uidOf,
} from "../page/made_up.ts";
import {
  accessible,
  drawn,
  narrowEnough,
  open,
  openBrowser,
  type Opening,
} from "./browser.ts";
import { until } from "./harness.ts";

const VIEWS = [
  ["overview", "#/"],
  ["device", `#/devices/${uidOf(1)}`],
  ["unnamed", `#/devices/${uidOf(4)}`],
  ["explain", "#/explain/5"],
  ["live", "#/live"],
] as const;

Deno.test("every view is accessible and calm, in both themes, both languages and on a phone", async () => {
  await using browser = await openBrowser();
  const looks = [
    ["light", {}],
    ["dark", { colorScheme: "dark" }],
    ["phone-fr", {
      viewport: { width: 375, height: 740 },
      locale: "fr-FR",
      isMobile: true,
      hasTouch: true,
    }],
  ] as const;
  await Promise.all(
    looks.map(([look, options]) => visitAll(browser, look, options)),
  );
});

/** Goes through all views in one look. */
async function visitAll(
  browser: Browser,
  look: string,
  options: Opening,
): Promise<void> {
  await using fake = new FakeAgent({ devices: 16 });
  fake.status = troubledStatus(Date.now());
  await using watched = await open(browser, fake.url, options);
  const { page } = watched;
  for (const [view, hash] of VIEWS) {
    // What is there now is not mistaken for the view that comes.
    await page.evaluate(
      `document.querySelector("main").firstElementChild.dataset.old = "";
       location.hash = ${JSON.stringify(hash)}`,
    );
    if (hash !== "#/") {
      await page.locator("main > [data-old]").waitFor({ state: "detached" });
    }
    if (view === "live") {
      await until("the stream", () => fake.live > 0);
      for (let n = 0; n < 8; n++) fake.send("frame", line(n, Date.now()));
      await page.locator(".lines details > summary").first().click();
      await page.locator(".lines .tree").first().waitFor();
    } else if (view === "device" || view === "unnamed") {
      await page.locator(".readings tbody tr").first().waitFor();
      await page.locator("canvas").last().waitFor();
    } else await page.locator("main h3").first().waitFor();
    // The same elements in the same colours on a phone.
    if (look !== "phone-fr") await accessible(page, `${view} in ${look}`);
    await narrowEnough(page, `${view} in ${look}`);
    await watched.shot(`${view}-${look}`, view !== "live");
  }
  watched.calm();
}

Deno.test("a problem is told first, with its fix, and read out once", async () => {
  await using fake = new FakeAgent({ devices: 5 });
  await using browser = await openBrowser();
  await using watched = await open(browser, fake.url);
  const { page } = watched;
  await page.getByText("No problem found").first().waitFor();
  fake.status = troubledStatus(Date.now());
  fake.send("status", fake.status);
  const first = page.locator(".problems > li").first();
  await first.getByText(/port_down/).waitFor();
  assert.match(await first.innerText(), /Error[\s\S]*manual/);
  assert.equal(await page.locator(".problems > li").count(), 6);
  const told = page.locator("section [aria-live=polite]").first();
  assert.match(
    await told.textContent() ?? "",
    /port_down.*4 devices are silent/,
  );
  assert.doesNotMatch(await told.textContent() ?? "", /\.\./);
  await page.selectOption("#language", "fr");
  await page.getByText("n’existe pas").first().waitFor();
  assert.equal(await page.evaluate("document.documentElement.lang"), "fr");
  assert.equal(await page.evaluate("document.activeElement.id"), "language");
  // Remembered when the page is loaded again.
  await page.reload();
  await page.getByText("La destination sicon est coupée").first().waitFor();
  watched.calm();
});

Deno.test("a sink that goes down and drains is shown with what waits and until when", async () => {
  await using fake = new FakeAgent({ devices: 5 });
  await using browser = await openBrowser();
  await using watched = await open(browser, fake.url);
  const card = watched.page.locator("[data-sink=sicon]");
  const tell = (one: ReturnType<typeof sink>) => {
    fake.status = status(Date.now(), { sinks: [one] });
    fake.send("status", fake.status);
  };
  tell(downSink(Date.now()));
  await card.getByText("13,840 readings wait").waitFor();
  assert.match(await card.innerText(), /Down[\s\S]*connection refused/);
  tell({
    ...downSink(Date.now()),
    up: true,
    rate_per_s: 120,
    drained_in_s: 115,
  });
  await card.getByText("Drained in 1 min 55 sec").waitFor();
  tell({ ...downSink(Date.now()), up: true, pending: 0 });
  await card.getByText("Everything is delivered").waitFor();
  watched.calm();
});

Deno.test("devices are searched, ordered, and changed in place", async () => {
  await using fake = new FakeAgent({ devices: 60 });
  await using browser = await openBrowser();
  await using watched = await open(browser, fake.url);
  const { page } = watched;
  const rows = page.locator(".devices tbody tr");
  await rows.first().waitFor();
  assert.equal(await rows.count(), 60);
  assert.equal(await rows.first().getAttribute("data-state"), "unregistered");
  await page.selectOption("#order", "name");
  assert.match(
    await rows.first().innerText(),
    /</,
    "signs come before letters",
  );
  await page.fill("#search", "chil");
  const names = await rows.locator("th").allInnerTexts();
  assert.ok(names.length > 5 && names.every((name) => /^Chiller/.test(name)));
  await page.fill("#search", "no such");
  await page.getByText("No device has this").waitFor();
  await page.fill("#search", uidOf(3));
  await page.evaluate(
    "document.querySelector('.devices tbody tr').same = true",
  );
  fake.send("reading", { ...reading(9000, 3, Date.now()), valid: false });
  await rows.first().getByText("Not readable").waitFor();
  assert.match(await rows.first().innerText(), /OK/);
  assert.equal(
    await page.evaluate("document.querySelector('.devices tbody tr').same"),
    true,
  );
  // A newcomer is asked for at once, not with the next round.
  await page.fill("#search", "");
  fake.devices.push({ ...device(60, Date.now()), name: "Newcomer" });
  fake.send("reading", reading(9001, 60, Date.now()));
  await page.getByRole("link", { name: "Newcomer" }).waitFor();
  watched.calm();
});

Deno.test("a hostile name is text everywhere", async () => {
  await using fake = new FakeAgent({ devices: 3 });
  await using browser = await openBrowser();
  await using watched = await open(browser, fake.url);
  const { page } = watched;
  await page.getByRole("link", { name: HOSTILE }).click();
  await page.getByRole("heading", { name: HOSTILE }).waitFor();
  await page.getByRole("link", { name: "Live frames" }).click();
  await until("the stream", () => fake.live > 0);
  fake.send("frame", { ...line(1, Date.now()), summary: HOSTILE });
  await page.locator(".lines").getByText(HOSTILE).first().waitFor();
  assert.equal(await page.locator("main img, main script").count(), 0);
  watched.calm();
});

Deno.test("history is drawn for a day, a week and a month, and anew in other colours", async () => {
  await using fake = new FakeAgent({ devices: 3 });
  await using browser = await openBrowser();
  await using watched = await open(browser, `${fake.url}#/devices/${uidOf(0)}`);
  const { page } = watched;
  await page.locator("canvas").last().waitFor();
  for (
    const [button, range] of [
      ["7 d", "week"],
      ["30 d", "month"],
      ["24 h", "day"],
    ] as const
  ) {
    await page.getByRole("button", { name: button }).click();
    await page.locator(`.charts[data-range=${range}]`).waitFor();
    assert.ok(await drawn(page, ".charts figure:not([hidden])"), range);
    await watched.shot(`history-${range}`);
  }
  const spans = fake.asked.filter((path) => path.startsWith("/api/history"))
    .map((path) => {
      const query = new URL(path, fake.url).searchParams;
      const at = (name: string) => Date.parse(query.get(name) ?? "");
      return Math.round((at("until") - at("since")) / 86_400_000);
    });
  assert.deepEqual(spans, [1, 7, 30, 1]);
  await page.getByRole("button", { name: "Counter" }).click();
  await page.locator("[data-chart=counter] canvas").waitFor();
  await page.selectOption("#theme", "dark");
  assert.ok(await drawn(page, ".charts figure:not([hidden])"));
  await page.locator("[data-chart=voltage] summary").click();
  await page.locator("[data-chart=voltage] td").first().waitFor();
  watched.calm();
});

Deno.test("explain points out the bytes of a field by keyboard and pointer", async () => {
  await using fake = new FakeAgent({ devices: 3 });
  await using browser = await openBrowser();
  await using watched = await open(browser, `${fake.url}#/explain/5`);
  const { page } = watched;
  await page.getByRole("button", { name: "current_2" }).focus();
  const pointed = page.locator(".hex .pointed");
  assert.deepEqual(
    await pointed.allTextContents(),
    ["07", "00", "00", "00", "07", "00", "00", "00"],
    "in the frame and in the file",
  );
  await page.locator(".fields tr", { hasText: "voltage_3" }).hover();
  await page.keyboard.press("Tab");
  assert.match(
    await page.locator(".message pre").innerText(),
    /9007199254740993/,
  );
  await page.goto(`${fake.url}#/explain/9999999`);
  await page.getByText("no longer on disk").waitFor();
  assert.deepEqual(
    watched.faults.filter((fault) => !fault.includes("404")),
    [],
  );
});

Deno.test("the live view pauses, and filters by device", async () => {
  await using fake = new FakeAgent({ devices: 5 });
  await using browser = await openBrowser();
  await using watched = await open(browser, `${fake.url}#/live`);
  const { page } = watched;
  await until("the stream", () => fake.live > 0);
  const lines = page.locator(".lines > li:visible");
  for (let n = 0; n < 5; n++) fake.send("frame", line(n, Date.now()));
  await page.getByText("5 seen").waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  fake.send("frame", line(0, Date.now()));
  await page.getByText("Paused, 1 waiting").waitFor();
  assert.equal(await lines.count(), 5);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("6 seen").waitFor();
  assert.equal(await lines.count(), 6);
  await page.selectOption("#filter", uidOf(2));
  assert.equal(await lines.count(), 1);
  fake.send("dropped", { events: 40 });
  fake.send("frame", line(2, Date.now()));
  await page.getByText("7 seen, 40 left out").waitFor();
  assert.equal(await lines.count(), 2);
  watched.calm();
});

Deno.test("lines that name a device are copied, also where there is no clipboard", async () => {
  await using fake = new FakeAgent({ devices: 5 });
  await using browser = await openBrowser();
  for (const permissions of [["clipboard-read", "clipboard-write"], []]) {
    await using watched = await open(browser, fake.url, { permissions });
    const { page } = watched;
    if (permissions.length === 0) {
      // As on a page over plain http from another machine.
      await page.evaluate(
        "Object.defineProperty(globalThis, 'isSecureContext', { value: false })",
      );
    }
    const box = page.locator(".unnamed-list .snippet").first();
    await box.getByRole("button").click();
    await box.getByRole("button", { name: /Copy the lines/ }).getByText(
      "Copied",
    ).first().waitFor();
    if (permissions.length === 0) {
      assert.match(
        String(await page.evaluate("String(getSelection())")),
        /^\[devices\."/,
      );
    } else {
      assert.equal(
        await page.evaluate("navigator.clipboard.readText()"),
        `[devices."${uidOf(4)}"]\nname = ""\n`,
      );
    }
    watched.calm();
  }
});

Deno.test("a token is asked for once, kept for the tab, and can be declined", async () => {
  await using fake = new FakeAgent({ devices: 3, token: "right" });
  await using browser = await openBrowser();
  await using watched = await open(browser, fake.url, {
    expected: /401/,
  });
  const { page } = watched;
  const dialog = page.locator("dialog");
  await dialog.getByText("[http]").waitFor();
  await accessible(page, "dialog");
  await watched.shot("token");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Enter the token" }).click();
  await page.fill("#token", "wrong");
  await page.keyboard.press("Enter");
  await dialog.getByText("not accepted").waitFor();
  await page.fill("#token", "right");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "hall-2" }).waitFor();
  assert.equal(await dialog.count(), 0);
  await page.reload();
  await page.getByRole("heading", { name: "hall-2" }).waitFor();
  assert.equal(await dialog.count(), 0);
  watched.calm();
});

Deno.test("an agent that does not answer is told with the time, and found again", async () => {
  await using browser = await openBrowser();
  await using stack = new AsyncDisposableStack();
  const first = stack.use(new FakeAgent({ devices: 3 }));
  await using watched = await open(browser, first.url, {
    expected: /ERR_|Failed to load/,
  });
  const { page } = watched;
  await page.getByRole("heading", { name: "hall-2" }).waitFor();
  const { port } = first;
  await stack.disposeAsync();
  const lost = page.getByRole("alert");
  await lost.getByText(/has not answered since \d\d:\d\d:\d\d/).waitFor();
  await accessible(page, "loss");
  await watched.shot("lost");
  await using _again = new FakeAgent({ devices: 4, port });
  await lost.waitFor({ state: "hidden" });
  await page.getByText(/of 4 heard/).waitFor();
  watched.calm();
});

Deno.test("a hidden page asks for nothing", async () => {
  await using fake = new FakeAgent({ devices: 3 });
  await using browser = await openBrowser();
  await using watched = await open(browser, "about:blank");
  const { page } = watched;
  await page.clock.install();
  await page.goto(fake.url);
  const hide = (hidden: boolean) =>
    page.evaluate(
      `Object.defineProperty(document, "hidden", { configurable: true, value: ${hidden} });
       document.dispatchEvent(new Event("visibilitychange"))`,
    );
  await until("a watcher", () => fake.watching === 1);
  await hide(true);
  await until("nobody watches", () => fake.watching === 0);
  const asked = fake.asked.length;
  await page.clock.fastForward(60_000);
  await page.clock.fastForward(60_000);
  assert.equal(fake.asked.length, asked);
  await hide(false);
  await until("a watcher", () => fake.watching === 1);
  watched.calm();
});

Deno.test("the page is used by keyboard alone, and the back button goes through the views", async () => {
  await using fake = new FakeAgent({ devices: 3 });
  await using browser = await openBrowser();
  await using watched = await open(browser, fake.url);
  const { page } = watched;
  await page.keyboard.press("Tab");
  await page.getByRole("link", { name: "Skip to content" }).and(
    page.locator(":focus"),
  ).waitFor();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate("document.activeElement.id"), "main");
  await page.getByRole("link", { name: "Compressor 1" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Compressor 1" }).waitFor();
  assert.equal(await page.title(), "Compressor 1 · dash7-edge");
  await page.locator(".readings a").first().press("Enter");
  await page.getByRole("heading", { name: /Reading \d+/ }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Compressor 1" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Problems" }).waitFor();
  await page.goto(`${fake.url}#/nowhere`);
  await page.getByText("There is no such view").first().waitFor();
  watched.calm();
});
