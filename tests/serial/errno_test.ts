import assert from "node:assert/strict";
import {
  EACCES,
  EIO,
  ENODEV,
  ENOTTY,
  ENXIO,
  lostError,
  openError,
} from "../../lib/serial/errno.ts";
import { clockSynchronised } from "../../lib/serial/libc.ts";

Deno.test("openError() tells whoever has no permission which group to join", () => {
  const error = openError("/dev/ttyACM0", EACCES);
  assert.equal(error.fault, "denied");
  assert.match(error.message, /\(EACCES\).*usermod -aG dialout/);
});

for (const errno of [ENXIO, ENODEV, EIO]) {
  Deno.test(`openError() calls a name without a device absent: ${errno}`, () => {
    const error = openError("/dev/ttyS9", errno);
    assert.deepEqual([error.fault, error.errno], ["absent", errno]);
  });
}

Deno.test("openError() calls another kind of file not_serial", () => {
  assert.equal(openError("/dev/null", ENOTTY).fault, "not_serial");
});

Deno.test("openError() keeps the number of an error it does not know", () => {
  const error = openError("/dev/ttyACM0", 133);
  assert.deepEqual([error.fault, error.errno], ["failed", 133]);
  assert.match(error.message, /error 133/);
});

Deno.test("lostError() says what was under way and why", () => {
  const error = lostError("write to", "/dev/ttyACM0", EIO);
  assert.deepEqual([error.fault, error.errno], ["lost", EIO]);
  assert.equal(
    error.message,
    "Cannot write to /dev/ttyACM0: the device is gone (EIO)",
  );
});

Deno.test("clockSynchronised() answers, whatever the machine's clock is", () => {
  assert.equal(typeof clockSynchronised(), "boolean");
});
