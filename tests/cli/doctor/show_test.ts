import assert from "node:assert/strict";
import { tell } from "../../../lib/cli/doctor/finding.ts";
import {
  groupText,
  jsonLine,
  summaryText,
} from "../../../lib/cli/doctor/show.ts";

const findings = [
  tell("dns_literal", "DNS", { host: "192.0.2.1" }),
  tell("tcp_refused", "TCP", {
    address: "192.0.2.1:8883",
    port: 8883,
    sink: "cloud",
  }),
  tell("skipped", "TLS", { reason: "the broker is not reached" }),
  tell("skipped", "login", { reason: "the broker is not reached" }),
  tell("skipped", "modem", { reason: "another one" }),
];

Deno.test("groupText() fits a terminal of 80 columns", () => {
  const text = groupText("Sink cloud", findings, { width: 80, colors: false });
  assert.equal(
    text,
    `Sink cloud
  ok    DNS: 192.0.2.1 is an address, there is nothing to look up
  FAIL  TCP: 192.0.2.1:8883 refuses: nothing listens on port 8883
          fix: Look at the port in broker of [sinks.cloud] (usual: 1883, with
               TLS 8883), and whether the broker runs
  skip  TLS, login: not tried: the broker is not reached
  skip  modem: not tried: another one
`,
  );
});

Deno.test("groupText() fits narrow terminals too", () => {
  for (const width of [40, 53, 80, 200]) {
    const text = groupText("Sink", findings, { width, colors: false });
    for (const line of text.split("\n")) {
      assert.ok(line.length <= Math.min(width, 100), line);
    }
  }
});

Deno.test("groupText() breaks nothing where nobody looks", () => {
  const layout = { width: Infinity, colors: false };
  assert.equal(groupText("Sink", findings, layout).split("\n").length, 7);
});

Deno.test("groupText() says with a word what it says with a colour", () => {
  const plain = groupText("Sink", findings, { width: 80, colors: false });
  const colored = groupText("Sink", findings, { width: 80, colors: true });
  // deno-lint-ignore no-control-regex
  assert.equal(colored.replaceAll(/\x1b\[\d+m/g, ""), plain);
  assert.notEqual(colored, plain);
});

Deno.test("summaryText() counts", () => {
  const layout = { width: 80, colors: false };
  assert.equal(
    summaryText(findings, 4.04, layout),
    "\n1 failed, 0 warnings, 1 ok, 3 not tried (4.0 s)\n",
  );
  assert.equal(
    summaryText(findings.slice(0, 1), 0, layout),
    "\nnothing failed, 0 warnings, 1 ok (0.0 s)\n",
  );
});

Deno.test("jsonLine() is one object a line", () => {
  const [finding = assert.fail()] = findings;
  assert.deepEqual(
    JSON.parse(jsonLine("sinks.cloud", { ...finding, tookMs: 3 })),
    {
      subject: "sinks.cloud",
      status: "ok",
      code: "dns_literal",
      what: "DNS",
      found: "192.0.2.1 is an address, there is nothing to look up",
      fix: null,
      took_ms: 3,
    },
  );
});
