import assert from "node:assert/strict";
import { silentLog } from "../../lib/log.ts";
import { Reports } from "../../lib/modem/reports.ts";
import { openError } from "../../lib/serial/errno.ts";
import { SerialError } from "../../lib/serial/serial.ts";
import type { ProblemCode, ProblemJson } from "../../lib/http/json.ts";
import { problemsOf } from "../../lib/inspect/problems.ts";
import type { DeviceFacts, Snapshot } from "../../lib/inspect/snapshot.ts";
import type { DeviceState } from "../../lib/device/device.ts";
import { notTried, portClosed, portRefused } from "../../lib/modem/state.ts";
import { linkOf } from "../fakes/devices.ts";
import {
  ago,
  deviceFacts,
  NOW_MS,
  portDown,
  serialFacts,
  sinkFacts,
  snapshot,
  waitingSink,
} from "../fakes/snapshot.ts";

const UID = "326636300039004C";
const receipt = (seconds: number) => ({
  wallMs: NOW_MS - seconds * 1000,
  monoMs: 0,
  bootId: "fake-boot",
  synced: true,
});

function withState(
  some: Partial<DeviceState>,
  facts: Partial<DeviceFacts> = {},
): DeviceFacts {
  const base = deviceFacts(facts);
  return {
    ...base,
    state: base.state === null ? null : { ...base.state, ...some },
  };
}

const healthy = snapshot();

/** What is wrong, and the one problem that must be told for it. */
const rows: readonly {
  readonly code: ProblemCode;
  readonly about: string;
  readonly wrong: Partial<Snapshot>;
  readonly told: Omit<ProblemJson, "code">;
}[] = [
  {
    code: "port_down",
    about: "a modem that is not plugged in",
    wrong: {
      serial: portDown(portRefused(openError("/dev/ttyACM0", 2))),
    },
    told: {
      severity: "error",
      subject: "/dev/ttyACM0",
      text:
        "The serial port is not open: Cannot open /dev/ttyACM0: no such device (ENOENT).",
      fix:
        "Plug the modem in, or correct [serial] port: dash7-edge ports lists what is there. The agent opens it by itself.",
      values: {
        port: "/dev/ttyACM0",
        fault: "absent",
        holder: "",
        detail: "Cannot open /dev/ttyACM0: no such device (ENOENT)",
      },
      since: ago(60),
    },
  },
  {
    code: "port_down",
    about: "a port that another program holds",
    wrong: {
      serial: portDown(portRefused(
        new SerialError(
          "Cannot open /dev/ttyACM0: it is held by minicom (pid 12)",
          "busy",
          {
            advice: "stop that program",
            holder: { pid: 12, command: "minicom" },
          },
        ),
      )),
    },
    told: {
      severity: "error",
      subject: "/dev/ttyACM0",
      text:
        "The serial port is not open: Cannot open /dev/ttyACM0: it is held by minicom (pid 12).",
      fix:
        "Stop the program that holds the port, or set [serial] port to another device. The agent takes it over by itself.",
      values: {
        port: "/dev/ttyACM0",
        fault: "busy",
        holder: "minicom (pid 12)",
        detail: "Cannot open /dev/ttyACM0: it is held by minicom (pid 12)",
      },
      since: ago(60),
    },
  },
  {
    code: "port_down",
    about: "a port that the user may not open",
    wrong: { serial: portDown(portRefused(openError("/dev/ttyACM0", 13))) },
    told: {
      severity: "error",
      subject: "/dev/ttyACM0",
      text:
        "The serial port is not open: Cannot open /dev/ttyACM0: permission denied (EACCES).",
      fix:
        "Let the agent's user read the port, as a rule by sudo usermod -aG dialout dash7-edge, then restart the agent. dash7-edge doctor gives the line for this port and user.",
      values: {
        port: "/dev/ttyACM0",
        fault: "denied",
        holder: "",
        detail: "Cannot open /dev/ttyACM0: permission denied (EACCES)",
      },
      since: ago(60),
    },
  },
  {
    code: "modem_silent",
    about: "a modem that answers no ping",
    wrong: {
      serial: serialFacts({
        state: {
          portUp: true,
          portFault: null,
          phase: "ready",
          identity: null,
          detail: "Modem silent for 120 s",
        },
        modemSinceMs: NOW_MS - 30_000,
        lastFrameMs: NOW_MS - 150_000,
      }),
    },
    told: {
      severity: "error",
      subject: "/dev/ttyACM0",
      text: "The modem has said nothing for 3 min and answers no ping.",
      fix:
        "Pull the modem out, wait five seconds, plug it in again. If it stays silent, another modem or cable will tell which of them is broken.",
      values: { port: "/dev/ttyACM0", silent_s: 150 },
      since: ago(30),
    },
  },
  {
    code: "modem_unidentified",
    about: "something else on the port",
    wrong: {
      serial: serialFacts({
        state: {
          portUp: true,
          portFault: null,
          phase: "identifying",
          identity: null,
          detail: "Modem does not identify itself: no answer in 10 s",
        },
        lastFrameMs: null,
        recent: { ...serialFacts().recent, frames: 0 },
      }),
    },
    told: {
      severity: "error",
      subject: "/dev/ttyACM0",
      text:
        "The port is open, but the modem on it does not say who it is: Modem does not identify itself: no answer in 10 s. No frame has come down the line.",
      fix:
        "Check that [serial] port is the modem and not another device, and that [serial] baud is 115200.",
      values: {
        port: "/dev/ttyACM0",
        detail: "Modem does not identify itself: no answer in 10 s",
        frames: 0,
      },
      since: ago(3600),
    },
  },
  {
    code: "outbox_unwritable",
    about: "a full disk",
    wrong: {
      outbox: {
        ...healthy.outbox,
        trouble: "Cannot append to the outbox: no space left on the disk",
        troubleSinceMs: NOW_MS - 10_000,
      },
    },
    told: {
      severity: "error",
      subject: "/var/lib/dash7-edge",
      text:
        "Readings cannot be written to disk: Cannot append to the outbox: no space left on the disk. They are held in memory and are lost if the agent ends.",
      fix:
        "Make room on the disk of /var/lib/dash7-edge; do not restart the agent before.",
      values: {
        data_dir: "/var/lib/dash7-edge",
        trouble: "Cannot append to the outbox: no space left on the disk",
        full: 1,
      },
      since: ago(10),
    },
  },
  {
    code: "readings_lost",
    about: "readings given up",
    wrong: { intake: { ...healthy.intake, lost: 1 } },
    told: {
      severity: "error",
      subject: null,
      text: "1 reading lost since the start: the disk took none for too long.",
      fix:
        "Find out why the disk of /var/lib/dash7-edge could not be written; the log of that time tells. The count ends with a restart.",
      values: { lost: 1, data_dir: "/var/lib/dash7-edge" },
      since: null,
    },
  },
  {
    code: "outbox_dropped",
    about: "readings that the bounds took",
    wrong: {
      sinks: [sinkFacts({
        droppedToday: {
          count: 1234,
          reasons: ["size"],
          lastMs: NOW_MS - 60_000,
        },
      })],
    },
    told: {
      severity: "error",
      subject: "cloud",
      text:
        "1 234 readings dropped undelivered for sink cloud in the last day (size).",
      fix: "Bring the sink up again, or raise [outbox] max_mb.",
      values: { sink: "cloud", dropped: 1234, reasons: "size" },
      since: ago(60),
    },
  },
  {
    code: "no_sinks",
    about: "no sink",
    wrong: { sinks: [] },
    told: {
      severity: "warning",
      subject: null,
      text: "No sink is configured: readings are kept and go nowhere.",
      fix:
        "Add a [sinks.NAME] table to the configuration and restart the agent.",
      values: {},
      since: null,
    },
  },
  {
    code: "sink_down",
    about: "a broker that is away",
    wrong: {
      sinks: [
        waitingSink(42, 300, {
          up: false,
          detail: "tcp: connection refused",
          sinceMs: NOW_MS - 600_000,
        }),
      ],
    },
    told: {
      severity: "error",
      subject: "cloud",
      text:
        "Sink cloud has been down for 10 min: tcp: connection refused. 42 readings wait; what comes is kept and delivered later.",
      fix:
        "Run dash7-edge doctor: it tries name, network, certificate and login of cloud step by step.",
      values: {
        sink: "cloud",
        type: "scorpio",
        detail: "tcp: connection refused",
        pending: 42,
        down_s: 600,
      },
      since: ago(600),
    },
  },
  {
    code: "sink_down",
    about: "a sink that has no later",
    wrong: {
      sinks: [
        sinkFacts({
          name: "plug",
          type: "emqtt",
          up: false,
          detail: "Waiting for SICON.OS to set the broker",
          whileDown: "what comes until then is not sent later",
          sinceMs: NOW_MS - 600_000,
        }),
      ],
    },
    told: {
      severity: "error",
      subject: "plug",
      text:
        "Sink plug has been down for 10 min: Waiting for SICON.OS to set the broker. Nothing waits; what comes until then is not sent later.",
      fix:
        "Run dash7-edge doctor: it tries name, network, certificate and login of plug step by step.",
      values: {
        sink: "plug",
        type: "emqtt",
        detail: "Waiting for SICON.OS to set the broker",
        pending: 0,
        down_s: 600,
      },
      since: ago(600),
    },
  },
  {
    code: "sink_rejects",
    about: "a platform that refuses",
    wrong: {
      sinks: [sinkFacts({
        account: {
          ...sinkFacts().account,
          delivered: 997,
          rejected: 3,
        },
        lastRejection: { reason: "not authorised", atMs: NOW_MS - 1000 },
      })],
    },
    told: {
      severity: "error",
      subject: "cloud",
      text:
        "Sink cloud has rejected 3 readings, the last one because: not authorised.",
      fix:
        "Rejected readings are set aside and not tried again. Ask whoever runs the platform behind cloud with this reason; a right to publish or a wrong topic is the usual cause.",
      values: { sink: "cloud", rejected: 3, reason: "not authorised" },
      since: ago(1),
    },
  },
  {
    code: "sink_slow",
    about: "a broker that does not keep up",
    wrong: { sinks: [waitingSink(5000, 1800, { ratePerS: 0.2 })] },
    told: {
      severity: "warning",
      subject: "cloud",
      text:
        "Sink cloud is up but does not keep up: 5 000 readings wait, the oldest for 30 min.",
      fix:
        "The broker of cloud or the way to it is slow: look at its load and at the network. Nothing is lost while the outbox has room.",
      values: { sink: "cloud", pending: 5000, oldest_s: 1800 },
      since: null,
    },
  },
  {
    code: "outbox_filling",
    about: "half of the outbox waiting",
    wrong: {
      outbox: { ...healthy.outbox, fill: 0.6 },
      sinks: [waitingSink(5000, 60)],
    },
    told: {
      severity: "warning",
      subject: "cloud",
      text:
        "What waits for sink cloud takes 60 % of the outbox (256 MB); when it is full the oldest readings are dropped.",
      fix:
        "Bring sink cloud up again, or raise [outbox] max_mb and restart the agent: what waits survives.",
      values: {
        sink: "cloud",
        by_age: 0,
        percent: 60,
        max_bytes: 256_000_000,
        oldest_s: 60,
        max_age_s: 2_592_000,
        pending: 5000,
      },
      since: null,
    },
  },
  {
    code: "outbox_filling",
    about: "readings that soon are too old",
    wrong: { sinks: [waitingSink(5, 29 * 86_400, { ratePerS: 1 })] },
    told: {
      severity: "error",
      subject: "cloud",
      text: "Readings have waited for 29 days; after 30 days they are dropped.",
      fix:
        "Bring sink cloud up again, or raise [outbox] max_age_days and restart the agent: what waits survives.",
      values: {
        sink: "cloud",
        by_age: 1,
        percent: 97,
        max_bytes: 256_000_000,
        oldest_s: 2_505_600,
        max_age_s: 2_592_000,
        pending: 5,
      },
      since: null,
    },
  },
  {
    code: "disk_low",
    about: "a disk below the limit",
    wrong: { outbox: { ...healthy.outbox, diskFreeBytes: 90_000_000 } },
    told: {
      severity: "error",
      subject: "/var/lib/dash7-edge",
      text:
        "90 MB free on the disk of /var/lib/dash7-edge; below 100 MB the oldest readings are dropped.",
      fix:
        "Make room: old logs and packages first (journalctl --vacuum-size=50M, apt-get clean).",
      values: {
        data_dir: "/var/lib/dash7-edge",
        free_bytes: 90_000_000,
        min_free_bytes: 100_000_000,
        below: 1,
      },
      since: null,
    },
  },
  {
    code: "clock_unsynchronised",
    about: "a clock that nobody set",
    wrong: { synced: false },
    told: {
      severity: "warning",
      subject: null,
      text:
        "The clock of this gateway is not synchronised; it says 2025-01-01 12:00 UTC. Times of readings may be wrong, and certificates may seem expired.",
      fix:
        "Let it reach a time server: timedatectl set-ntp true, and check DNS and the firewall (UDP port 123). Waiting readings get the right time by themselves.",
      values: { now: "2025-01-01 12:00 UTC" },
      since: ago(3600),
    },
  },
  {
    code: "line_noise",
    about: "bad checksums",
    wrong: {
      serial: serialFacts({
        recent: {
          ...serialFacts().recent,
          badChecksums: 7,
          discardedBytes: 90,
        },
      }),
    },
    told: {
      severity: "warning",
      subject: "/dev/ttyACM0",
      text:
        "Noise on the serial line: 7 bad checksums and 90 bytes that are no frame in the last 5 min, against 10 good frames.",
      fix:
        "Check the cable, its length and its earth, and move it away from power lines; try another USB port or a powered hub.",
      values: {
        port: "/dev/ttyACM0",
        bad_checksums: 7,
        discarded_bytes: 90,
        frames: 10,
        minutes: 5,
      },
      since: null,
    },
  },
  {
    code: "frames_lost",
    about: "a jump of the modem's counter",
    wrong: {
      serial: serialFacts({
        recent: { ...serialFacts().recent, lostFrames: 1 },
      }),
    },
    told: {
      severity: "warning",
      subject: "/dev/ttyACM0",
      text:
        "1 frame lost between modem and agent in the last 60 min: the modem's counter jumped, and what was sent is gone.",
      fix:
        "Check the cable and the USB hub. If the machine is overloaded, see what takes its time (top).",
      values: { port: "/dev/ttyACM0", lost: 1, minutes: 60 },
      since: null,
    },
  },
  {
    code: "http_down",
    about: "an address in use",
    wrong: {
      http: {
        where: "127.0.0.1:8080",
        reason: "address in use",
        fix: "stop the program that holds it",
        sinceMs: NOW_MS - 3000,
      },
    },
    told: {
      severity: "warning",
      subject: "127.0.0.1:8080",
      text:
        "Dashboard and metrics are not served on 127.0.0.1:8080: address in use.",
      fix:
        "Stop the program that holds it. Readings are delivered all the same.",
      values: {
        where: "127.0.0.1:8080",
        reason: "address in use",
        fix: "stop the program that holds it",
      },
      since: ago(3),
    },
  },
  {
    code: "device_offline",
    about: "a device past its limit",
    wrong: { devices: [deviceFacts({ lastHeardS: 7200 })] },
    told: {
      severity: "error",
      subject: UID,
      text:
        `Compressor 2 (${UID}) is offline: nothing heard for 2 h, it usually reports every 10 min.`,
      fix:
        `Check its power, battery and aerial, and whether something now stands in the way. If it was taken away: dash7-edge devices forget ${UID}.`,
      values: {
        device: UID,
        name: "Compressor 2",
        heard_s: 7200,
        after_s: 3600,
        cadence_s: 600,
      },
      since: ago(3600),
    },
  },
  {
    code: "device_silent",
    about: "a device that missed two reports",
    wrong: { devices: [deviceFacts({ lastHeardS: 1300 })] },
    told: {
      severity: "warning",
      subject: UID,
      text:
        `Compressor 2 (${UID}) is silent: nothing heard for 22 min, it usually reports every 10 min.`,
      fix:
        "It may have missed a report or two. If it stays silent, check its power, battery and aerial.",
      values: {
        device: UID,
        name: "Compressor 2",
        heard_s: 1300,
        after_s: 1260,
        cadence_s: 600,
      },
      since: ago(40),
    },
  },
  {
    code: "device_meter",
    about: "a meter without an answer",
    wrong: { devices: [withState({ modbusLost: receipt(90) })] },
    told: {
      severity: "warning",
      subject: UID,
      text: `Compressor 2 (${UID}) cannot read its meter; its radio works.`,
      fix:
        "Check the Modbus cable between device and meter, both ends and the order of the wires, and that the meter has power.",
      values: { device: UID, name: "Compressor 2" },
      since: ago(90),
    },
  },
  {
    code: "device_link",
    about: "a weak link",
    wrong: {
      devices: [withState({ linkHigh: receipt(90) }, { link: linkOf(135) })],
    },
    told: {
      severity: "warning",
      subject: UID,
      text:
        `Compressor 2 (${UID}) is hard to hear: link budget 135 dB, more than 130 dB; readings may get lost on the air.`,
      fix:
        "Move the gateway's aerial higher or nearer, or the device's aerial out of its metal cabinet.",
      values: {
        device: UID,
        name: "Compressor 2",
        link_budget_db: 135,
        rx_level_dbm: -121,
        limit_db: 130,
      },
      since: ago(90),
    },
  },
  {
    code: "device_unnamed",
    about: "devices without a name, all in one",
    wrong: {
      devices: ["4", "2", "3", "1"].map((digit) =>
        deviceFacts({ device: digit.repeat(16), name: null })
      ),
    },
    told: {
      severity: "warning",
      subject: null,
      text:
        "4 devices heard without a name: 1111111111111111, 2222222222222222, 3333333333333333 and 1 more.",
      fix:
        'Give each a name in the configuration, for example [devices."1111111111111111"] and below it name = "Compressor 2", then restart the agent. Readings are delivered all the same.',
      values: {
        count: 4,
        first: "1111111111111111",
        devices:
          "1111111111111111 2222222222222222 3333333333333333 4444444444444444",
      },
      since: null,
    },
  },
];

for (const { code, about, wrong, told } of rows) {
  Deno.test(`problemsOf() tells ${code}: ${about}`, () => {
    assert.deepEqual(problemsOf({ ...healthy, ...wrong }), [
      { code, ...told },
    ]);
  });
}

Deno.test("problemsOf() has a row here for every code", async () => {
  const source = await Deno.readTextFile(
    new URL("../../lib/http/json.ts", import.meta.url),
  );
  const union = /export type ProblemCode =([^;]+);/.exec(source)?.[1] ?? "";
  const codes = [...union.matchAll(/"(\w+)"/g)].map(([, code]) => code);
  assert.ok(codes.length > 15);
  assert.deepEqual(
    new Set(rows.map(({ code }): string | undefined => code)),
    new Set(codes),
  );
});

Deno.test("problemsOf() tells of nothing while all is well", () => {
  assert.deepEqual(problemsOf(healthy), []);
});

Deno.test("problemsOf() gives the start its time", () => {
  const young = { ...healthy.agent, uptimeS: 2 };
  const wrong = {
    serial: portDown(notTried),
    sinks: [sinkFacts({ up: false, detail: "Connecting" })],
  };
  assert.deepEqual(problemsOf({ ...healthy, ...wrong, agent: young }), []);
  assert.equal(problemsOf({ ...healthy, ...wrong }).length, 2);
  const identifying = serialFacts({
    state: {
      portUp: true,
      portFault: null,
      phase: "identifying",
      identity: null,
      detail: "Waiting for the modem",
    },
    portSinceMs: NOW_MS - 3000,
  });
  assert.deepEqual(problemsOf({ ...healthy, serial: identifying }), []);
});

Deno.test("problemsOf() puts errors first, and unnamed devices last", () => {
  const codes = problemsOf({
    ...healthy,
    synced: false,
    serial: portDown(portClosed),
    sinks: [sinkFacts({ up: false })],
    devices: [
      deviceFacts({ device: "1".repeat(16), name: null }),
      deviceFacts({ lastHeardS: 7200 }),
    ],
  }).map(({ code }) => code);
  assert.deepEqual(codes, [
    "port_down",
    "sink_down",
    "device_offline",
    "clock_unsynchronised",
    "device_unnamed",
  ]);
});

Deno.test("problemsOf() leaves ignored devices alone", () => {
  const ignored = deviceFacts({ ignored: true, name: null, lastHeardS: 1e6 });
  assert.deepEqual(problemsOf({ ...healthy, devices: [ignored] }), []);
});

Deno.test("problemsOf() has a fix and whole sentences for every problem", () => {
  for (const { wrong } of rows) {
    for (const { text, fix, values } of problemsOf({ ...healthy, ...wrong })) {
      assert.match(text, /^[A-Z0-9].*[.…]$/);
      assert.match(fix, /^[A-Z].*\.$/);
      assert.doesNotMatch(text + fix, /\.\.|undefined|NaN|null/);
      for (const value of Object.values(values)) {
        assert.ok(typeof value === "string" || Number.isFinite(value));
      }
    }
  }
});

Deno.test("problemsOf() knows a silent modem by the words of the modem", () => {
  const reports = new Reports(silentLog, silentLog);
  reports.take({ about: "silent", silentS: 120 });
  const detail = reports.trouble ?? assert.fail("nothing told");
  const { state } = healthy.serial;
  const serial = serialFacts({ state: { ...state, detail } });
  assert.deepEqual(
    problemsOf({ ...healthy, serial }).map(({ code }) => code),
    ["modem_silent"],
  );
  reports.take({ about: "alive" });
  assert.equal(reports.trouble, null);
});
