import assert from "node:assert/strict";
import {
  isUntouched,
  marked,
  places,
  ruleText,
  unitText,
} from "../../lib/cli/setup/files.ts";
import { GLIBC_MIN } from "../../lib/cli/setup/machine.ts";
import { glibcVersion } from "../../compile/targets.ts";

const read = (name: string) =>
  Deno.readTextFile(new URL(`../../deploy/${name}`, import.meta.url));

Deno.test("the unit inside the program is the one in deploy/, at its own place", async () => {
  const unit = await read("dash7-edge.service");
  assert.equal(
    unitText(),
    unit.replace("/usr/bin/dash7-edge", places.binary),
  );
  assert.equal(ruleText(), await read("60-dash7-edge.rules"));
  assert.match(unitText(), /^ExecStart=\/usr\/local\/bin\/dash7-edge run/m);
});

Deno.test("the unit asks for what the agent relies on", async () => {
  const unit = await read("dash7-edge.service");
  for (
    const line of [
      "Type=notify",
      "User=dash7-edge",
      "SupplementaryGroups=dialout",
      "StateDirectory=dash7-edge",
      "RuntimeDirectory=dash7-edge",
      "LoadCredential=password:/etc/dash7-edge/password",
      "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
      "AmbientCapabilities=CAP_NET_BIND_SERVICE",
      "NoNewPrivileges=yes",
      "ProtectSystem=strict",
      // Configuration refused: no use in trying again.
      "RestartPreventExitStatus=2 78",
    ]
  ) assert.ok(unit.split("\n").includes(line), line);
  assert.match(unit, /^WatchdogSec=\d+$/m);
  // adjtimex tells whether readings have a true time.
  assert.match(unit, /^SystemCallFilter=@system-service adjtimex$/m);
  assert.doesNotMatch(unit, /^(ProtectClock|MemoryDenyWriteExecute)=/m);
});

Deno.test("every line of the udev rule ends in an assignment or a jump that exists", () => {
  const rows = ruleText().split("\n").filter((line) =>
    line !== "" && !line.startsWith("#")
  );
  for (const row of rows) {
    const terms = row.split(/,\s*/);
    for (const term of terms) {
      assert.match(term, /^[A-Z]+(\{\w+\})?(==|!=|\+=|=)"[^"]*"$/, row);
    }
    assert.match(terms.at(-1) ?? "", /[^=!]=/, row);
  }
  const label = /LABEL="(\w+)"/.exec(ruleText())?.[1];
  for (const [, target] of ruleText().matchAll(/GOTO="(\w+)"/g)) {
    assert.equal(target, label);
  }
  assert.match(ruleText(), /SYMLINK\+="dash7-modem"/);
});

Deno.test("marked() shows a change by hand", async () => {
  const text = await marked(unitText());
  assert.ok(await isUntouched(text));
  assert.ok(
    !await isUntouched(text.replace("WatchdogSec=60", "WatchdogSec=6")),
  );
  assert.ok(!await isUntouched(unitText()));
  assert.ok(!await isUntouched(""));
});

Deno.test("builder and installer agree on the oldest C library", () => {
  assert.equal(GLIBC_MIN, glibcVersion);
});
