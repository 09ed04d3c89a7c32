import assert from "node:assert/strict";
import { encodeCommand, readFile } from "../../lib/alp/alp.ts";
import { Deframer } from "../../lib/frame/deframer.ts";
import { encodeFrame, type MessageType } from "../../lib/frame/frame.ts";
import type {
  Session,
  SessionEffect,
  SessionEvent,
} from "../../lib/modem/events.ts";
import { KEEPALIVE_MS, newSession, step } from "../../lib/modem/session.ts";

const limits = { localTimeoutMs: 10_000, remoteTimeoutMs: 30_000 };
const push = Uint8Array.fromHex(
  "20330003000000" + "62d714320000394750004900a92001323636300039004c",
);
const answerHex = "20000008433731340037002b" +
  "2002001101010000676174657761613866653538" + "36";

/** A session driven by a script; effects of each event in short form. */
class Script {
  state: Session = newSession(limits);
  readonly #deframer = new Deframer();
  #counter = 0;

  feed(event: SessionEvent): string[] {
    return this.effects(event).map(short);
  }

  effects(event: SessionEvent): readonly SessionEffect[] {
    const stepped = step(this.state, event);
    this.state = stepped.state;
    return stepped.effects;
  }

  frame(
    type: MessageType,
    payload: Uint8Array | string,
    counter = ++this.#counter & 0xff,
  ): string[] {
    this.#counter = counter;
    const bytes = typeof payload === "string"
      ? Uint8Array.fromHex(payload)
      : payload;
    const found = this.#deframer.push(
      encodeFrame(counter, type, bytes, { anySize: true }),
    );
    return found.flatMap((item) =>
      item.kind === "frame"
        ? this.feed({ type: "frame", frame: item.frame })
        : []
    );
  }

  ready(): this {
    this.feed({ type: "opened" });
    this.frame("alp_data", `${answerHex}a301`);
    assert.equal(this.state.phase, "ready");
    return this;
  }
}

function short(effect: SessionEffect): string {
  switch (effect.type) {
    case "write":
      return `write ${effect.bytes.toHex()}`;
    case "arm":
      return `arm ${effect.timer} ${effect.delayMs}`;
    case "disarm":
      return `disarm ${effect.timer}`;
    case "heard":
      return `heard ${effect.payload.toHex()}`;
    case "answered":
      return `answered ${effect.ticket} ${
        effect.answer.ok ? "ok" : effect.answer.reason
      } ${effect.answer.actions.length}`;
    case "report":
      return `report ${effect.report.about}`;
  }
}

const read = (fileId: number) => readFile(fileId, 8);

Deno.test("step() identifies the modem by files 0 and 2, counter from 1", () => {
  const script = new Script();
  assert.deepEqual(script.feed({ type: "opened" }), [
    `arm keepalive ${KEEPALIVE_MS}`,
    "write c00001010ab1bab4010100000801020011",
    "arm tag 1 10000",
  ]);
  assert.deepEqual(script.frame("alp_data", `${answerHex}a301`), [
    "disarm tag 1",
    "report identified",
  ]);
  assert.equal(script.state.identity?.uid, "433731340037002B");
  assert.equal(script.state.identity?.firmware.applicationName, "gatewa");
});

Deno.test("step() asks again for ever while the modem is silent", () => {
  const script = new Script();
  script.feed({ type: "opened" });
  for (let tag = 1; tag <= 600; tag++) {
    const effects = script.feed({
      type: "timer",
      timer: `tag ${(tag - 1) % 255 + 1}`,
    });
    assert.equal(effects[0], "report identify_failed");
    assert.match(effects[1] ?? "", /^write c000/);
    assert.equal(effects[2], `arm tag ${tag % 255 + 1} 10000`);
  }
});

Deno.test("step() hears pushes before the modem is identified", () => {
  const script = new Script();
  script.feed({ type: "opened" });
  assert.deepEqual(script.frame("alp_data", push), [`heard ${push.toHex()}`]);
});

Deno.test("step() asks again later when the modem refuses to identify", () => {
  const script = new Script();
  script.feed({ type: "opened" });
  assert.deepEqual(script.frame("alp_data", "e301"), [
    "disarm tag 1",
    "report identify_failed",
    "arm identify 10000",
  ]);
  assert.match(
    script.feed({ type: "timer", timer: "identify" })[0] ?? "",
    /^write/,
  );
});

Deno.test("step() identifies again after a reboot, and pending requests fail", () => {
  const script = new Script().ready();
  script.feed({
    type: "request",
    ticket: 7,
    actions: [read(0)],
    remote: false,
  });
  const effects = script.frame("rebooted", "01");
  assert.deepEqual(effects.slice(0, 3), [
    "report rebooted",
    "disarm tag 2",
    "answered 7 rebooted 0",
  ]);
  assert.match(effects[3] ?? "", /^write .*b403010000080102001[1]$/);
  assert.equal(script.state.phase, "identifying");
});

Deno.test("step() answers a ping of CC with CC and any other with 02", () => {
  const script = new Script().ready();
  for (const [asked, answered] of [["cc", "cc"], ["01", "02"], ["", "02"]]) {
    const [effect] = script.frame("ping_request", asked ?? "");
    assert.match(effect ?? "", new RegExp(`^write c000..0301....${answered}$`));
  }
});

Deno.test("step() gathers the answers of a forwarded command until its end", () => {
  const script = new Script().ready();
  script.feed({
    type: "request",
    ticket: 1,
    actions: [read(52)],
    remote: true,
  });
  const status = "62d714320000394750004900a92001323636300039004c";
  assert.deepEqual(script.frame("alp_data", `2302200000020102${status}`), []);
  assert.deepEqual(script.frame("alp_data", "a30262d700"), [
    "disarm tag 2",
    "answered 1 ok 5",
  ]);
});

Deno.test("step() sends one local request at a time and at most eight in all", () => {
  const script = new Script().ready();
  const ask = (ticket: number, remote: boolean) =>
    script.feed({ type: "request", ticket, actions: [read(0)], remote });
  assert.equal(ask(1, false).length, 2);
  assert.equal(ask(2, false).length, 0);
  const [disarmed, answered, written] = script.frame("alp_data", "a302");
  assert.equal(disarmed, "disarm tag 2");
  assert.equal(answered, "answered 1 ok 1");
  assert.match(written ?? "", /^write/);
  script.frame("alp_data", "a303");
  for (let ticket = 10; ticket < 18; ticket++) {
    assert.equal(ask(ticket, true).length, 2, `request ${ticket}`);
  }
  assert.equal(ask(18, true).length, 0);
});

Deno.test("step() ends a request by its deadline, and takes a late answer for a push", () => {
  const script = new Script().ready();
  script.feed({
    type: "request",
    ticket: 1,
    actions: [read(0)],
    remote: false,
  });
  assert.deepEqual(script.feed({ type: "timer", timer: "tag 2" }), [
    "answered 1 timeout 0",
  ]);
  assert.deepEqual(script.frame("alp_data", "a302"), ["heard a302"]);
});

Deno.test("step() says refused when the modem answers with an error", () => {
  const script = new Script().ready();
  script.feed({
    type: "request",
    ticket: 1,
    actions: [read(9)],
    remote: false,
  });
  assert.deepEqual(script.frame("alp_data", "e302"), [
    "disarm tag 2",
    "answered 1 refused 1",
  ]);
});

Deno.test("step() ends everything when the port closes", () => {
  const script = new Script().ready();
  script.feed({
    type: "request",
    ticket: 1,
    actions: [read(0)],
    remote: false,
  });
  script.feed({
    type: "request",
    ticket: 2,
    actions: [read(0)],
    remote: false,
  });
  assert.deepEqual(script.feed({ type: "closed" }), [
    "disarm tag 2",
    "answered 1 closed 0",
    "answered 2 closed 0",
    "disarm keepalive",
    "disarm identify",
  ]);
  assert.deepEqual(
    script.feed({ type: "request", ticket: 3, actions: [], remote: false }),
    ["answered 3 closed 0"],
  );
});

Deno.test("step() reports counter gaps, not after a reboot", () => {
  const script = new Script().ready();
  assert.deepEqual(script.frame("alp_data", push, 5), [
    "report gap",
    `heard ${push.toHex()}`,
  ]);
  script.frame("rebooted", "00", 1);
  assert.deepEqual(script.frame("alp_data", push, 2), [
    `heard ${push.toHex()}`,
  ]);
});

Deno.test("step() keeps what it understood of a broken command", () => {
  const script = new Script().ready();
  const broken = `${push.toHex()}0300ff`;
  assert.deepEqual(script.frame("alp_data", broken), [
    "report alp_error",
    `heard ${broken}`,
  ]);
});

Deno.test("step() pings after a silent minute, never while an answer is awaited", () => {
  const script = new Script().ready();
  const tick = () => script.feed({ type: "timer", timer: "keepalive" });
  assert.deepEqual(tick(), [`arm keepalive ${KEEPALIVE_MS}`]);
  script.feed({ type: "request", ticket: 1, actions: [read(0)], remote: true });
  assert.deepEqual(tick(), [`arm keepalive ${KEEPALIVE_MS}`]);
  script.frame("alp_data", "a302");
  tick();
  assert.match(tick()[1] ?? "", /^write c000..02/);
  assert.equal(tick()[1], "report silent");
  assert.deepEqual(script.frame("ping_response", "02"), ["report alive"]);
});

Deno.test("step() sends an encoded command as it was given", () => {
  const script = new Script().ready();
  const actions = [read(0), read(2)];
  const [written] = script.feed({
    type: "request",
    ticket: 1,
    actions,
    remote: false,
  });
  assert.ok(written?.endsWith(encodeCommand(actions).toHex()));
});

Deno.test("step() asks nothing of a recording, and hears all that others were answered", () => {
  const script = new Script();
  script.state = newSession({ ...limits, listenOnly: true });
  assert.deepEqual(script.feed({ type: "opened" }), [
    `arm keepalive ${KEEPALIVE_MS}`,
  ]);
  assert.deepEqual(script.frame("alp_data", `${answerHex}a301`), [
    `heard ${answerHex}a301`,
  ]);
  assert.deepEqual(script.frame("rebooted", "00"), ["report rebooted"]);
  for (let minute = 0; minute < 3; minute++) {
    assert.deepEqual(script.feed({ type: "timer", timer: "keepalive" }), [
      `arm keepalive ${KEEPALIVE_MS}`,
    ]);
  }
  assert.equal(script.state.phase, "identifying");
});
