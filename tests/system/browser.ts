/**
 * A headless Chromium for the tests of the page: every request, message of
 * the console, fault and violation of the content policy is written down, and
 * pictures go to a folder for looking at.
 *
 * @module
 */
import assert from "node:assert/strict";
import axeSource from "axe-core/axe.min.js" with { type: "text" };
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

/** Folder that pictures go to. */
export const SCREENSHOTS: string = Deno.env.get("DASH7_EDGE_SCREENSHOTS") ??
  Deno.makeTempDirSync({ prefix: "dash7-edge-screenshots-" });

/** A browser that ends with the test. */
export async function openBrowser(): Promise<Browser & AsyncDisposable> {
  Deno.mkdirSync(SCREENSHOTS, { recursive: true });
  return await chromium.launch({
    executablePath: Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium",
    // CI runs as root, where the sandbox cannot be had.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
    headless: true,
  });
}

/** A page under watch. */
export interface Watched extends AsyncDisposable {
  readonly page: Page;
  /** Everything that should not have happened. */
  readonly faults: readonly string[];
  /** Fails when something happened that should not have. */
  calm(): void;
  /** Takes a picture of the whole page, or of what is in view. */
  shot(name: string, fullPage?: boolean): Promise<void>;
}

/** How a page is opened. */
export interface Opening extends BrowserContextOptions {
  /** Messages of the console that this test causes itself. */
  readonly expected?: RegExp;
}

/** Opens a page whose every step is watched; `about:blank` is left for the test to go on from. */
export async function open(
  browser: Browser,
  url: string,
  { expected, ...options }: Opening = {},
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: "en-GB",
    timezoneId: "Europe/Paris",
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  let origin: string | null = null;
  const faults: string[] = [];
  page.on("request", (request) => {
    // The page itself comes first.
    origin ??= new URL(request.url()).origin;
    if (new URL(request.url()).origin !== origin) {
      faults.push(`request to ${request.url()}`);
    }
  });
  page.on("console", (message) => {
    // Violations of the content policy come this way, too.
    const text = `${message.type()}: ${message.text()}`;
    if (!expected?.test(text)) faults.push(text);
  });
  page.on("pageerror", (error) => faults.push(`fault: ${error.stack}`));
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  if (url !== "about:blank") {
    await page.goto(url);
    await page.locator("main").waitFor();
  }
  return {
    page,
    faults,
    calm: () => assert.deepEqual(faults, []),
    async shot(name, fullPage = false) {
      await page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage });
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** What axe says of a page. */
interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly {
      readonly html: string;
      readonly failureSummary: string;
    }[];
  }[];
}

/** Fails when axe finds something serious or critical. */
export async function accessible(page: Page, what: string): Promise<void> {
  // Evaluated by the debugger, so the content policy does not come into it.
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] })",
  ) as AxeResult;
  const grave = violations.filter(({ impact }) =>
    impact === "serious" || impact === "critical"
  ).map(({ id, nodes }) =>
    `${id}: ${
      nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`)
        .join("\n")
    }`
  );
  assert.deepEqual(grave, [], what);
}

/** Fails when the page can be scrolled sideways. */
export async function narrowEnough(page: Page, what: string): Promise<void> {
  const over = await page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  assert.ok(Number(over) <= 0, `${what} is ${over} pixels too wide`);
}

/** Whether something was drawn on every canvas within an element. */
export async function drawn(page: Page, selector: string): Promise<boolean> {
  return await page.evaluate(
    `(() => {
      const all = [...document.querySelectorAll(${
      JSON.stringify(selector)
    } + " canvas")];
      return all.length > 0 && all.every((canvas) => {
        const { width, height } = canvas;
        const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
        let painted = 0;
        for (let at = 3; at < data.length; at += 4) if (data[at] > 0) painted++;
        return painted > width;
      });
    })()`,
  );
}
