import assert from "node:assert/strict";
import { inspect, refusal } from "../../compile/runtime.ts";
import {
  compileArguments,
  fileName,
  type Target,
  targets,
  targetsNamed,
} from "../../compile/targets.ts";

/** The head of an ELF file, and some of what Deno has in it. */
function elf(machine: number, text: string): Uint8Array {
  const head = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, ...Array(11).fill(0)];
  return new Uint8Array([
    ...head,
    machine & 0xff,
    machine >> 8,
    ...new TextEncoder().encode(text),
  ]);
}

function targetOf(arch: string): Target {
  const [target] = targetsNamed(arch);
  assert.ok(target !== undefined);
  return target;
}

Deno.test("inspect() reads machine and version of a runtime", () => {
  assert.deepEqual(inspect(elf(183, "DxDeno/2.9.5Deno/2.")), {
    machine: 183,
    versions: ["2.9.5"],
  });
  assert.deepEqual(inspect(elf(62, "OTLP-Exporter-Deno/0.79.0")), {
    machine: 62,
    versions: [],
  });
  for (const text of ["", "#!/bin/sh\n", "\x7fELF"]) {
    const { machine } = inspect(new TextEncoder().encode(text));
    assert.equal(machine, null);
  }
  const bits32 = elf(40, "Deno/2.9.5");
  bits32[4] = 1;
  assert.equal(inspect(bits32).machine, null);
});

Deno.test("refusal() lets only the target's own runtime pass", () => {
  const arm = targetOf("arm64");
  const reasonFor = (bytes: Uint8Array) => refusal(arm, inspect(bytes), "r");
  assert.equal(reasonFor(elf(183, "Deno/2.9.5")), null);
  assert.equal(
    reasonFor(elf(62, "Deno/2.9.5")),
    "Cannot use r for aarch64-unknown-linux-gnu: it is for x86_64-unknown-linux-gnu, expected ELF machine 183",
  );
  assert.equal(
    reasonFor(elf(40, "Deno/2.9.5")),
    "Cannot use r for aarch64-unknown-linux-gnu: it is for ELF machine 40, expected ELF machine 183",
  );
  assert.equal(
    reasonFor(elf(183, "Deno/2.9.50 Deno/2.9.4")),
    "Cannot use r for aarch64-unknown-linux-gnu: it is Deno 2.9.50, 2.9.4, expected 2.9.5",
  );
  assert.equal(
    reasonFor(new Uint8Array(30)),
    "Cannot use r for aarch64-unknown-linux-gnu: it is not a 64-bit ELF executable",
  );
});

Deno.test("targetsNamed() takes a triple, a machine, Debian's word and all", () => {
  assert.equal(targetsNamed("all").length, targets.length);
  for (const name of ["aarch64-unknown-linux-gnu", "aarch64", "arm64"]) {
    assert.deepEqual(targetsNamed(name).map(({ arch }) => arch), ["aarch64"]);
  }
  assert.deepEqual(targetsNamed("armv7l"), []);
});

Deno.test("compileArguments() name all permissions, the target and the output", () => {
  const args = compileArguments(targetOf("arm64"), "a.js", "out");
  assert.equal(args[0], "compile");
  assert.equal(args.at(-1), "a.js");
  for (const flag of ["--allow-all", "--no-prompt", "--no-config"]) {
    assert.ok(args.includes(flag), flag);
  }
  assert.equal(
    args[args.indexOf("--target") + 1],
    "aarch64-unknown-linux-gnu",
  );
  assert.equal(
    fileName("1.2.3", targetOf("arm64"), "portable"),
    "dash7-edge-1.2.3-linux-aarch64-portable",
  );
});
