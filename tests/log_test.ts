import assert from "node:assert/strict";
import fc from "fast-check";
import {
  closeLog,
  type Fields,
  HEX_CAP_BYTES,
  type Log,
  type LogEntry,
  openLog,
  silentLog,
  sparing,
} from "../lib/log.ts";

/** Lines that `write` makes in one format. */
function lines(
  format: "text" | "json",
  write: (log: Log) => void,
  level: "debug" | "info" | "warn" | "error" = "debug",
): string[] {
  const written: string[] = [];
  const log = openLog({ level, format }, (line) => written.push(line));
  try {
    write(log);
  } finally {
    closeLog();
  }
  return written;
}

/** A log that keeps what it is given. */
function memoryLog(): Log & { readonly records: [string, Fields][] } {
  const records: [string, Fields][] = [];
  const keep = (message: string, fields: Fields = {}) => {
    records.push([message, fields]);
  };
  return {
    ...silentLog,
    records,
    debug: keep,
    info: keep,
    warn: keep,
    error: keep,
  };
}

Deno.test("openLog() writes time, level, message and fields as text", () => {
  const [line] = lines(
    "text",
    (log) =>
      log.child({ part: "modem" }).warn("Port {x} lost", {
        port: "/dev/ttyACM0",
        bytes: Uint8Array.of(0xc0, 0),
        count: 12n,
        left: undefined,
        text: "a b=c",
        error: new Error("no", { cause: new Error("because") }),
      }),
  );
  assert.match(
    line ?? "",
    /^\d{4}-\d\d-\d\dT[\d:.]+Z WARN {2}Port \{x\} lost /,
  );
  assert.equal(
    line?.split(" lost ")[1],
    'part=modem port=/dev/ttyACM0 bytes=c000 count=12 text="a b=c" error="no: because"',
  );
});

Deno.test("openLog() leaves out what is below its level", () => {
  const all = (log: Log) => {
    log.debug("d");
    log.info("i");
    log.warn("w");
    log.error("e");
  };
  assert.deepEqual(
    lines("text", all, "warn").map((line) => line.at(-1)),
    ["w", "e"],
  );
  assert.equal(lines("json", all, "error").length, 1);
  assert.equal(lines("json", all, "debug").length, 4);
});

Deno.test("openLog() cuts long bytes and says so", () => {
  const bytes = new Uint8Array(HEX_CAP_BYTES + 3);
  const cut = `${"00".repeat(HEX_CAP_BYTES)}… (3 bytes more)`;
  const [text = ""] = lines("text", (log) => log.info("x", { bytes }));
  assert.ok(text.endsWith(`bytes="${cut}"`), text.slice(-60));
  const [json = ""] = lines("json", (log) => log.info("x", { in: { bytes } }));
  assert.equal(JSON.parse(json).in.bytes, cut);
});

Deno.test("openLog() lets no control character through, whatever the fields hold", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 30 }),
      fc.array(fc.string({ unit: "binary", maxLength: 10 }), { maxLength: 3 }),
      (field, list) => {
        const [text = "", ...more] = lines(
          "text",
          (log) =>
            log.info("Modem says", {
              field,
              list,
              csi: `\x9b${field}\x7f\x1b\u2028`,
            }),
        );
        assert.equal(more.length, 0);
        // deno-lint-ignore no-control-regex
        assert.doesNotMatch(text, /[\x00-\x1f\x7f-\x9f\u2028\u2029]/);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("openLog() writes JSON lines that a collector can read", () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string({ maxLength: 8 }).filter((key) => key !== "__proto__"),
        fc.oneof(
          fc.string({ unit: "binary", maxLength: 20 }),
          fc.integer(),
          fc.bigInt(),
          fc.uint8Array({ maxLength: 8 }),
          fc.boolean(),
          fc.constant(null),
        ),
        { maxKeys: 4 },
      ),
      (fields) => {
        const [line = "", ...more] = lines(
          "json",
          (log) => log.error("Fixed text", { ...fields, level: "none" }),
        );
        assert.equal(more.length, 0);
        assert.doesNotMatch(line, /\n/);
        const record = JSON.parse(line);
        assert.deepEqual(
          Object.keys(record).filter((key) => !/^\d+$/.test(key)).slice(0, 3),
          ["time", "level", "message"],
        );
        assert.deepEqual(
          [record.level, record.message],
          ["error", "Fixed text"],
        );
        for (const [key, value] of Object.entries(fields)) {
          if (["time", "level", "message"].includes(key)) continue;
          if (typeof value === "bigint") assert.equal(record[key], `${value}`);
        }
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("closeLog() silences what still writes", () => {
  const written: string[] = [];
  const log = openLog(
    { level: "debug", format: "text" },
    (line) => written.push(line),
  );
  closeLog();
  log.error("after");
  silentLog.child({ a: 1 }).error("nowhere");
  assert.deepEqual(written, []);
});

Deno.test("sparing() gives a burst, then one in a while with what it left out", () => {
  let now = 0;
  const log = memoryLog();
  const noise = sparing(log, () => now, { burst: 3, everyMs: 1000 });
  for (let i = 0; i < 10; i++) noise.warn("Garbage", { i });
  noise.warn("Other");
  assert.deepEqual(log.records, [
    ["Garbage", { i: 0 }],
    ["Garbage", { i: 1 }],
    ["Garbage", { i: 2 }],
    ["Other", {}],
  ]);
  now = 999;
  noise.warn("Garbage", { i: 10 });
  assert.equal(log.records.length, 4);
  now = 1000;
  noise.warn("Garbage", { i: 11 });
  noise.warn("Garbage", { i: 12 });
  assert.deepEqual(log.records.slice(4), [["Garbage", { i: 11, omitted: 8 }]]);
});

Deno.test("sparing() accounts for every record and keeps its rate", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(3000), { maxLength: 200 }),
      (pauses) => {
        let now = 0;
        const log = memoryLog();
        const noise = sparing(log, () => now, { burst: 5, everyMs: 1000 });
        for (const pause of pauses) {
          now += pause;
          noise.info("x");
        }
        const omitted = log.records
          .reduce((sum, [, { omitted }]) => sum + Number(omitted ?? 0), 0);
        assert.ok(log.records.length + omitted <= pauses.length);
        assert.ok(log.records.length <= 5 + now / 1000 + 1e-6);
        // All time forgiven, the next record tells the rest.
        now += 1000;
        noise.info("x");
        const last = Number(log.records.at(-1)?.[1].omitted ?? 0);
        assert.equal(
          log.records.length + omitted + last,
          pauses.length + 1,
        );
      },
    ),
  );
});

Deno.test("openLog() tells a second destination every record, whatever is written", () => {
  const written: string[] = [];
  const told: LogEntry[] = [];
  const log = openLog(
    { level: "warn", format: "text" },
    (line) => written.push(line),
    (entry) => told.push(entry),
  );
  try {
    const part = log.child({ part: "modem" });
    part.child({ port: "p" }).debug("Quiet {x}", { n: 1 });
    part.warn("Loud");
  } finally {
    closeLog();
  }
  assert.equal(written.length, 1);
  assert.match(written[0] ?? "", /WARN {2}Loud part=modem\n?$/);
  assert.deepEqual(told, [
    {
      level: "debug",
      message: "Quiet {x}",
      always: { part: "modem", port: "p" },
      fields: { n: 1 },
    },
    { level: "warn", message: "Loud", always: { part: "modem" }, fields: {} },
  ]);
});
