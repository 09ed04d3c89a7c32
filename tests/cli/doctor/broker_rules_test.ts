import assert from "node:assert/strict";
import {
  judgeCertificate,
  judgeClientCertificate,
  judgeLookUp,
  judgeNoHandshake,
  judgeNoLogin,
  judgePublish,
  judgeReach,
  judgeTls,
  type LookUp,
  type Today,
  type Way,
} from "../../../lib/cli/doctor/broker_rules.ts";
import type { Code, Status } from "../../../lib/cli/doctor/codes.ts";
import type { CertificateFacts, TlsFacts } from "../../../lib/mqtt/steps.ts";

const DAY_MS = 86_400_000;
const nowMs = Date.UTC(2026, 10, 21);
const today: Today = { nowMs, synced: true, evidence: null };

const way: Way = {
  sink: "cloud",
  host: "broker.example",
  port: 8883,
  text: "broker.example:8883",
  user: "gw",
};

const certificate = (
  fromDays: number,
  untilDays: number,
  more: Partial<CertificateFacts> = {},
): CertificateFacts => ({
  name: "broker.example",
  issuer: "Some CA",
  fromMs: nowMs + fromDays * DAY_MS,
  untilMs: nowMs + untilDays * DAY_MS,
  selfSigned: false,
  names: ["broker.example"],
  ...more,
});

Deno.test("judgeLookUp() tells a name that is not there from a server that is not", () => {
  const rows: readonly [LookUp, Code, RegExp][] = [
    [{ end: "literal" }, "dns_literal", /is an address/],
    [
      { end: "found", addresses: ["192.0.2.1", "2001:db8::1"], ms: 3 },
      "dns",
      /192\.0\.2\.1, 2001:db8::1 \(3 ms\)/,
    ],
    [
      { end: "failed", reason: "ENOTFOUND" },
      "dns_unknown",
      /no such name as broker\.example/,
    ],
    [
      { end: "failed", reason: "EAI_AGAIN" },
      "dns_no_answer",
      /no name server answers \(EAI_AGAIN\)/,
    ],
    [
      { end: "failed", reason: "no answer within 4 s" },
      "dns_no_answer",
      /within 4 s/,
    ],
  ];
  for (const [lookUp, code, found] of rows) {
    const finding = judgeLookUp(way, lookUp);
    assert.equal(finding.code, code);
    assert.match(finding.found, found);
  }
});

Deno.test("judgeReach() names the reason, and is milder when another address answers", () => {
  const rows: readonly [string | null, boolean, Code, Status][] = [
    [null, true, "tcp", "ok"],
    ["ECONNREFUSED", false, "tcp_refused", "fail"],
    ["ECONNREFUSED", true, "tcp_refused", "warn"],
    ["timeout", false, "tcp_silent", "fail"],
    ["ETIMEDOUT", true, "tcp_silent", "warn"],
    ["ENETUNREACH", false, "tcp_no_route", "fail"],
  ];
  for (const [error, otherAnswers, code, status] of rows) {
    const finding = judgeReach(way, { ip: "2001:db8::1", ms: 2, error }, {
      otherAnswers,
      limitS: 4,
    });
    assert.deepEqual([finding.code, finding.status], [code, status]);
    assert.match(finding.found, /^\[2001:db8::1\]:8883 /);
  }
});

Deno.test("judgeCertificate() counts the days, and suspects the clock first", () => {
  const lost: Today = {
    nowMs: 60_000,
    synced: false,
    evidence: "this program is younger",
  };
  const unset: Today = { ...today, synced: false };
  const rows: readonly [CertificateFacts, Today, Code, RegExp][] = [
    [certificate(-10, 80), today, "tls_certificate", /, 80 days left$/],
    [certificate(-10, 30), today, "tls_certificate", /, 30 days left$/],
    [certificate(-10, 29), today, "tls_expires", /, 29 days left$/],
    [certificate(-10, 1), today, "tls_expires", /, 1 day left$/],
    [certificate(-10, 0), today, "tls_expires", /, 0 days left$/],
    [certificate(-90, -3), today, "tls_expired", /, 3 days ago$/],
    [certificate(2, 90), today, "tls_early", /not valid before 2026-11-23$/],
    [
      certificate(-10, 80),
      lost,
      "tls_clock",
      /clock says 1970-01-01 00:01 UTC: the clock is the cause/,
    ],
    [certificate(-90, -3), unset, "tls_clock_maybe", /not synchronised$/],
    [certificate(-10, 80), unset, "tls_certificate", /80 days/],
  ];
  for (const [one, day, code, found] of rows) {
    const finding = judgeCertificate(one, day);
    assert.equal(finding.code, code);
    assert.match(finding.found, found);
  }
});

Deno.test("judgeClientCertificate() names the file to put in its place", () => {
  const rows: readonly [CertificateFacts, Code][] = [
    [certificate(-1, 100), "tls_client"],
    [certificate(-1, 10), "tls_client_expires"],
    [certificate(-9, -1), "tls_client_expired"],
    [certificate(1, 9), "tls_client_expired"],
  ];
  for (const [one, code] of rows) {
    const finding = judgeClientCertificate(one, "/etc/c.pem", today);
    assert.equal(finding.code, code);
    if (finding.fix !== null) assert.match(finding.fix, /\/etc\/c\.pem$/);
  }
});

Deno.test("judgeTls() finds name, authority and what else is refused", () => {
  const good: TlsFacts = {
    chain: [certificate(-10, 80)],
    nameFits: true,
    rooted: true,
    refusal: null,
    protocol: "TLSv1.3",
  };
  const self = certificate(-10, 80, { selfSigned: true });
  const root = certificate(-10, 800, {
    name: "Some CA",
    selfSigned: true,
    names: [],
  });
  const no = "REFUSED";
  const rows: readonly [string, Partial<TlsFacts>, readonly string[]][] = [
    ["good", {}, ["ok tls_certificate", "ok tls"]],
    ["name", { nameFits: false, refusal: no }, [
      "ok tls_certificate",
      "fail tls_name",
    ]],
    ["authority", { rooted: false, refusal: no }, [
      "ok tls_certificate",
      "fail tls_unknown_authority",
    ]],
    ["authority with its root", {
      chain: [certificate(-10, 80), root],
      rooted: false,
      refusal: no,
    }, [
      "ok tls_certificate",
      "ok tls_certificate",
      "fail tls_unknown_authority",
    ]],
    ["self signed", { chain: [self], rooted: false, refusal: no }, [
      "ok tls_certificate",
      "fail tls_self_signed",
    ]],
    ["both", { nameFits: false, rooted: false, refusal: no }, [
      "ok tls_certificate",
      "fail tls_unknown_authority",
      "fail tls_name",
    ]],
    ["expired", { chain: [certificate(-90, -3)], refusal: no }, [
      "fail tls_expired",
    ]],
    ["for another reason", { refusal: no }, [
      "ok tls_certificate",
      "fail tls_refused",
    ]],
  ];
  const options = { verify: true, ownAuthority: false };
  for (const [name, more, told] of rows) {
    const findings = judgeTls(way, { ...good, ...more }, today, options);
    assert.deepEqual(
      findings.map(({ status, code }) => `${status} ${code}`),
      told,
      name,
    );
  }
  const [, unknown] = judgeTls(
    way,
    { ...good, rooted: false, refusal: no },
    today,
    { verify: true, ownAuthority: true },
  );
  assert.match(
    unknown?.found ?? "",
    /issued by Some CA, whom the authorities in ca_file do not know/,
  );
  assert.match(unknown?.fix ?? "", /ca_file of \[sinks\.cloud\.tls\]/);
});

Deno.test("judgeTls() lets pass what nobody verifies, and says so", () => {
  const findings = judgeTls(
    way,
    {
      chain: [certificate(-90, -3)],
      nameFits: false,
      rooted: false,
      refusal: "REFUSED",
      protocol: "TLSv1.3",
    },
    today,
    { verify: false, ownAuthority: false },
  );
  assert.ok(findings.every(({ status }) => status === "warn"));
  assert.equal(findings.at(-1)?.code, "tls_unverified");
});

Deno.test("judgeNoHandshake() guesses why there is none", () => {
  const rows = [
    [
      "received corrupt message of type InvalidContentType",
      /speaks no TLS/,
    ],
    ["the broker wants a client certificate, give …", /cert_file and key_file/],
    ["connection reset by the broker (ECONNRESET)", /openssl s_client/],
  ] as const;
  for (const [reason, fix] of rows) {
    assert.match(judgeNoHandshake(way, reason).fix ?? "", fix);
  }
});

Deno.test("judgeNoLogin() reads the broker's code", () => {
  const say = (why: string) =>
    `Cannot log in to broker broker.example:8883: ${why}`;
  const rows: readonly [string, string, Code, RegExp][] = [
    [
      "login",
      say("not authorized (code 135)"),
      "login_refused",
      /^the broker refuses gw: not authorized \(code 135\)$/,
    ],
    [
      "login",
      say("bad username or password (code 4)"),
      "login_refused",
      /code 4/,
    ],
    [
      "login",
      say(
        'unsupported protocol version (code 132), try another "protocol" than "5"',
      ),
      "login_protocol",
      /does not speak MQTT 5: unsupported protocol version \(code 132\)$/,
    ],
    [
      "login",
      say("client identifier not valid (code 133)"),
      "login_failed",
      /^client identifier/,
    ],
    ["login", "no answer within 4 s", "login_failed", /^no answer/],
    [
      "tls",
      "Cannot secure the connection to broker [::1]:8883: the broker wants a client certificate",
      "login_failed",
      /^the broker wants a client certificate$/,
    ],
  ];
  for (const [step, message, code, found] of rows) {
    const finding = judgeNoLogin(way, "5", { step, message });
    assert.equal(finding.code, code);
    assert.match(finding.found, found);
  }
});

Deno.test("judgePublish() reads the reason code of the PUBACK", () => {
  const rows: readonly [number, Code][] = [
    [0x00, "publish"],
    [0x10, "publish"],
    [0x87, "publish_denied"],
    [0x97, "publish_refused"],
  ];
  for (const [code, word] of rows) {
    const finding = judgePublish(way, { code, reason: "why" }, "t", "t/#");
    assert.equal(finding.code, word);
  }
});
