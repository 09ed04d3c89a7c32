/**
 * What is judged of the way to a broker: name, addresses, certificates, login,
 * right to publish. Pure; the facts come from `broker.ts`.
 *
 * @module
 */
import type { CertificateFacts, TlsFacts } from "../../mqtt/steps.ts";
import { several } from "../words.ts";
import { type Finding, tell } from "./finding.ts";
import { dayText, timeText } from "./host_rules.ts";

/** What the findings of one broker have in common. */
export interface Way {
  /** Name of the sink in the configuration. */
  readonly sink: string;
  readonly host: string;
  readonly port: number;
  /** `host:port`. */
  readonly text: string;
  /** How the user is called in findings. */
  readonly user: string;
}

/** The clock that certificates are judged by. */
export interface Today {
  readonly nowMs: number;
  readonly synced: boolean;
  /** Why the time cannot be right; null when nothing speaks against it. */
  readonly evidence: string | null;
}

const DAY_MS = 86_400_000;
/** Certificates that end sooner are told of, days. */
const SOON_DAYS = 30;

/** How looking up a name ended. */
export type LookUp =
  | { readonly end: "literal" }
  | {
    readonly end: "found";
    readonly addresses: readonly string[];
    readonly ms: number;
  }
  | { readonly end: "failed"; readonly reason: string };

/** The broker's name. */
export function judgeLookUp(way: Way, lookUp: LookUp): Finding {
  const { host } = way;
  switch (lookUp.end) {
    case "literal":
      return tell("dns_literal", "DNS", { host });
    case "found":
      return tell("dns", "DNS", {
        host,
        addresses: lookUp.addresses.join(", "),
        ms: lookUp.ms,
      });
    case "failed": {
      const { reason } = lookUp;
      // A resolver says the same when it reaches nobody; then this is the first step too.
      return /ENOTFOUND/.test(reason)
        ? tell("dns_unknown", "DNS", { ...way })
        : tell("dns_no_answer", "DNS", { host, reason });
    }
  }
}

/** How connecting to one address ended. */
export interface Reach {
  readonly ip: string;
  readonly ms: number;
  /** Code of the system's error, `timeout`, or null when it answered. */
  readonly error: string | null;
}

/** One address of the broker; where another one answers, this one is no more than a warning. */
export function judgeReach(
  way: Way,
  { ip, ms, error }: Reach,
  options: { readonly otherAnswers: boolean; readonly limitS: number },
): Finding {
  const address = `${ip.includes(":") ? `[${ip}]` : ip}:${way.port}`;
  const values = { ...way, ip, address, ms, limit_s: options.limitS };
  if (error === null) return tell("tcp", "TCP", values);
  const status = options.otherAnswers ? "warn" : "fail";
  if (error === "ECONNREFUSED") {
    return tell("tcp_refused", "TCP", values, status);
  }
  return error === "timeout" || error === "ETIMEDOUT"
    ? tell("tcp_silent", "TCP", values, status)
    : tell("tcp_no_route", "TCP", { ...values, reason: error }, status);
}

/** A handshake that did not come about; `reason` in a technician's words. */
export function judgeNoHandshake(way: Way, reason: string): Finding {
  const advice = /wrong version|packet length|InvalidContentType|corrupt/i
      .test(reason)
    ? `That port speaks no TLS: use mqtts:// with its TLS port (usual: 8883) in broker of [sinks.${way.sink}]`
    : /client certificate/.test(reason)
    ? `Give cert_file and key_file in [sinks.${way.sink}.tls]`
    : `Is ${way.port} the broker's TLS port (usual: 8883)? Try: openssl s_client -connect ${way.text}`;
  return tell("tls_handshake", "TLS", { reason, advice });
}

/** Certificates of the broker, its name and its authority. */
export function judgeTls(
  way: Way,
  facts: TlsFacts,
  today: Today,
  options: { readonly verify: boolean; readonly ownAuthority: boolean },
): readonly Finding[] {
  const { chain, nameFits, rooted, refusal, protocol } = facts;
  const findings = chain.map((certificate) =>
    judgeCertificate(certificate, today)
  );
  const [own] = chain;
  const last = chain.at(-1);
  if (own !== undefined && last !== undefined && !rooted) {
    // Some brokers show the root of their own authority as well.
    findings.push(
      own.selfSigned
        ? tell("tls_self_signed", "TLS", { ...way, name: own.name })
        : tell("tls_unknown_authority", "TLS", {
          ...way,
          name: last.selfSigned ? own.name : last.name,
          issuer: last.issuer,
          trusted: options.ownAuthority
            ? "the authorities in ca_file"
            : "this system's authorities",
        }),
    );
  }
  if (own !== undefined && !nameFits) {
    findings.push(tell("tls_name", "TLS", {
      ...way,
      names: own.names.join(", ") || own.name,
    }));
  }
  const bad = findings.some(({ status }) => status === "fail");
  if (!options.verify) {
    // Nobody looks at it: what is wrong with it stops nothing.
    return [
      ...findings.map((finding) =>
        finding.status === "fail"
          ? { ...finding, status: "warn" as const }
          : finding
      ),
      tell("tls_unverified", "TLS", { ...way }),
    ];
  }
  if (refusal === null) findings.push(tell("tls", "TLS", { protocol }));
  else if (!bad) {
    findings.push(tell("tls_refused", "TLS", {
      ...way,
      reason: refusal,
      address: way.text,
    }));
  }
  return findings;
}

/** One certificate against today's date. */
export function judgeCertificate(
  { name, fromMs, untilMs }: CertificateFacts,
  { nowMs, synced, evidence }: Today,
): Finding {
  const what = "certificate";
  const from = dayText(fromMs);
  const until = dayText(untilMs);
  if (nowMs < fromMs || nowMs > untilMs) {
    const now = timeText(nowMs);
    // Without a battery a clock starts in the past: no certificate counts yet.
    if (evidence !== null) {
      return tell("tls_clock", what, { name, from, until, now });
    }
    if (!synced) {
      return tell("tls_clock_maybe", what, { name, from, until, now });
    }
    if (nowMs < fromMs) return tell("tls_early", what, { name, from });
    const past = daysText(nowMs - untilMs);
    return tell("tls_expired", what, { name, until, past });
  }
  const days = Math.floor((untilMs - nowMs) / DAY_MS);
  const code = days < SOON_DAYS ? "tls_expires" : "tls_certificate";
  return tell(code, what, { name, until, left: daysText(untilMs - nowMs) });
}

/** Our own certificate; its key was compared when it was read. */
export function judgeClientCertificate(
  { name, fromMs, untilMs }: CertificateFacts,
  file: string,
  { nowMs }: Today,
): Finding {
  const what = "client certificate";
  const until = dayText(untilMs);
  if (nowMs < fromMs || nowMs > untilMs) {
    return tell("tls_client_expired", what, {
      name,
      from: dayText(fromMs),
      until,
      now: timeText(nowMs),
      file,
    });
  }
  const days = Math.floor((untilMs - nowMs) / DAY_MS);
  return tell(
    days < SOON_DAYS ? "tls_client_expires" : "tls_client",
    what,
    { name, until, left: daysText(untilMs - nowMs), file },
  );
}

/** Whole days, of which the last one is not told. */
function daysText(ms: number): string {
  return several(Math.floor(ms / DAY_MS), "day");
}

/** A login that failed: the step it failed at and the reason, as the connection's error tells them. */
export function judgeNoLogin(
  way: Way,
  protocol: "5" | "3.1.1",
  { step, message }: { readonly step: string; readonly message: string },
): Finding {
  const reason = message.replace(/^Cannot .*?:\d+(?: \([^)]*\))?: /, "");
  const code = Number(/\(code (\d+)\)/.exec(reason)?.[1] ?? NaN);
  if (code === 1 || code === 132) {
    return tell("login_protocol", "login", {
      ...way,
      protocol,
      reason: reason.replace(/, try another .*$/, ""),
      other: protocol === "5" ? "3.1.1" : "5",
    });
  }
  if ([4, 5, 134, 135].includes(code)) {
    return tell("login_refused", "login", { ...way, reason });
  }
  const advice = step === "tls" && /client certificate/.test(reason)
    ? `Give cert_file and key_file in [sinks.${way.sink}.tls]`
    : code === 2 || code === 133
    ? "The broker takes certain client ids only: who runs it must allow the one with -doctor too, or set client_id"
    : code === 3 || code === 136 || code === 137
    ? "The broker is there but takes nobody in now: try again later"
    : code === 138
    ? "The broker has banned this client: who runs it must lift that"
    : /no answer/.test(reason)
    ? `Something listens on ${way.text} but does not speak MQTT: is it the right port?`
    : `Is ${way.text} an MQTT port, and is TLS (mqtts://) wanted there? Its log tells why it closes`;
  return tell("login_failed", "login", { reason, advice });
}

/** Reason codes that say that the right is missing [MQTT 5 §3.4.2.1]. */
const NOT_AUTHORISED = 0x87;

/** The broker's answer to the message that was published for a trial. */
export function judgePublish(
  way: Way,
  ack: { readonly code: number; readonly reason: string },
  topic: string,
  pattern: string,
): Finding {
  const values = { ...way, topic, pattern, reason: ack.reason };
  if (ack.code === NOT_AUTHORISED) {
    return tell("publish_denied", "publish", values);
  }
  if (ack.code >= 0x80) return tell("publish_refused", "publish", values);
  return tell("publish", "publish", {
    topic,
    // [MQTT 5 §3.4.2.1] 0x10: no matching subscribers.
    subscribed: ack.code === 0x10 ? ", though nobody subscribes to it" : "",
  });
}
