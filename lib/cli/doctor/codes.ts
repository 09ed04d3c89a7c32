/**
 * Every finding that `doctor` can have, as a table: the stable word that
 * scripts go by, how bad it is, and the texts. A gap `{name}` is filled in by
 * the check. The list in the documentation is written from this table.
 *
 * Longer than other files: one row a finding, and no logic.
 *
 * @module
 */

/** How a check ended; `skip` is one that could not be tried. */
export type Status = "ok" | "warn" | "fail" | "skip";

/** One row of the table. */
export interface CodeRow {
  readonly status: Status;
  readonly found: string;
  /** null where there is nothing to do. */
  readonly fix: string | null;
}

const ok = (found: string) =>
  ({ status: "ok", found, fix: null }) as const satisfies CodeRow;
const warn = (found: string, fix: string) =>
  ({ status: "warn", found, fix }) as const satisfies CodeRow;
const fail = (found: string, fix: string) =>
  ({ status: "fail", found, fix }) as const satisfies CodeRow;
const skip = (found: string, fix: string | null = null) =>
  ({ status: "skip", found, fix }) as const satisfies CodeRow;

type Table = Readonly<Record<string, CodeRow>>;

const general = {
  skipped: skip("not tried: {reason}"),
  check_late: fail(
    "did not end within {limit_s} s",
    "Run dash7-edge doctor once more; if it stays, the machine is overloaded or a device hangs: dmesg tells",
  ),
  check_failed: fail(
    "could not be looked at: {reason}",
    "This is a fault of the program: report it with the output of DASH7_EDGE_DEBUG=1 dash7-edge doctor",
  ),
} as const satisfies Table;

const configuration = {
  config_good: ok("valid, {sinks}"),
  config_absent: fail(
    "{found}",
    "Write one: dash7-edge init --out {file}, or name it with --config FILE",
  ),
  config_denied: fail(
    "this user may not read it",
    "sudo dash7-edge doctor --config {file}",
  ),
  config_fault: fail("{place}found {found}", "Wanted: {wanted}"),
  config_advice: warn("{found}", "{advice}"),
  config_unreadable: fail(
    "{whom} may not read it",
    "sudo chgrp {group} {file} && sudo chmod 640 {file}",
  ),
  config_writable: warn(
    "everybody may change it (mode {mode})",
    "sudo chmod o-w {file}",
  ),
} as const satisfies Table;

const machine = {
  system: ok("{arch}, Linux {kernel}, glibc {glibc}, pages of {page} bytes"),
  page_size: warn(
    "the kernel has pages of {page} bytes; the program is made for 4096 and may end without a word",
    "On a Raspberry Pi 5 put kernel=kernel8.img into /boot/firmware/config.txt, then: sudo reboot",
  ),
  memory: ok("{free} MB of {total} MB free"),
  memory_low: warn(
    "only {free} MB of {total} MB free; the agent needs up to 120 MB",
    "See who takes it: ps -eo rss,comm --sort=-rss | head; end what is not needed",
  ),
  temperature: ok("{celsius} °C"),
  temperature_high: warn(
    "{celsius} °C: the processor slows down to protect itself",
    "Give the gateway air or a heat sink, or take it out of the sun",
  ),
  power: ok("no under-voltage seen"),
  undervoltage: warn(
    "under-voltage {when}: USB devices drop out and cards are damaged",
    "Use the power supply made for this board and a short cable; take other USB loads off",
  ),
  clock: ok("{now}, synchronised"),
  clock_unsynchronised: warn(
    "{now}, but not synchronised: readings get this time",
    "sudo timedatectl set-ntp true (or install chrony); the gateway must reach a time server on UDP port 123",
  ),
  clock_wrong: fail(
    "{now}, which cannot be: {evidence}",
    "sudo timedatectl set-ntp true, or by hand: sudo date -s 'YYYY-MM-DD HH:MM:SS'; a gateway without a battery-backed clock needs a time server",
  ),
  service: ok("{state}, starts with the machine, as {user}"),
  service_none: skip("not installed as a systemd service"),
  service_disabled: warn(
    "{state}, but it does not start with the machine",
    "sudo systemctl enable dash7-edge",
  ),
  service_down: fail(
    "{state}",
    "sudo systemctl enable --now dash7-edge; if it ends again: journalctl -u dash7-edge -n 50",
  ),
  service_restarts: warn(
    "{state}, but it had to be restarted {restarts} times",
    "See why: journalctl -u dash7-edge | grep -v ' info '",
  ),
  agent: ok("running since {since}, version {version}, pid {pid}"),
  agent_none: warn(
    "no agent runs with this configuration",
    "Start it: sudo systemctl start dash7-edge, or in a terminal: dash7-edge run",
  ),
  agent_unseen: skip(
    "this user may not see whether an agent works in {dir}",
    "sudo dash7-edge doctor",
  ),
  agent_mute: warn(
    "an agent runs (pid {pid}) but does not answer on {socket}: {reason}",
    "Ask as the user of the agent: sudo -u {user} dash7-edge doctor; if it still does not answer: sudo systemctl restart dash7-edge",
  ),
} as const satisfies Table;

const disk = {
  data_dir: ok("{dir}, {fs} on {device}, {user} may write"),
  data_dir_new: ok(
    "{dir} is not there yet, the agent makes it ({fs} on {device})",
  ),
  data_dir_denied: fail(
    "{whom} may not write to {dir} ({owner}, mode {mode})",
    "sudo chown -R {user} {dir}",
  ),
  data_dir_parent: fail(
    "{dir} is not there, and {user} may not make it in {parent}",
    "sudo install -d -o {user} -m 700 {dir}",
  ),
  data_dir_file: fail(
    "{dir} is no directory",
    "Set [agent] data_dir to a directory, or move that file away",
  ),
  data_dir_readonly: fail(
    "{dir} is mounted read only ({fs} on {mount})",
    "sudo mount -o remount,rw {mount}; if the kernel made it read only, the card is worn out or damaged: dmesg | grep -iE 'mmc|ext4|I/O error', replace it",
  ),
  data_dir_memory: fail(
    "{dir} is in memory ({fs} on {mount}): readings would not survive a restart",
    "Set [agent] data_dir to a directory on a disk, e.g. /var/lib/dash7-edge",
  ),
  data_dir_network: fail(
    "{dir} is on a network ({fs} on {mount}): the outbox needs a local disk",
    "Set [agent] data_dir to a directory on a local disk, e.g. /var/lib/dash7-edge",
  ),
  data_dir_overlay: warn(
    "{dir} is on an overlay ({mount}): what is written may be gone after a restart",
    "Raspberry Pi: sudo raspi-config nonint disable_overlayfs, or give data_dir a partition of its own; container: mount a volume there",
  ),
  data_dir_protected: fail(
    "{dir} is not writable for the service, which its unit keeps to {allowed}",
    "sudo systemctl edit dash7-edge, add [Service] and ReadWritePaths={dir}, then: sudo systemctl restart dash7-edge",
  ),
  space: ok("{free} MB free, the outbox may take {wanted} MB"),
  space_tight: warn(
    "{free} MB free; the outbox may take {wanted} MB and leaves {min} MB",
    "Make room, or lower [outbox] max_mb to {fits}",
  ),
  space_low: fail(
    "only {free} MB free, less than min_free_mb = {min}: the oldest readings are dropped",
    "Make room: sudo apt-get clean; sudo journalctl --vacuum-size=50M; sudo du -xh / | sort -h | tail shows what takes it",
  ),
  inodes_none: fail(
    "no room for more files: every inode is in use",
    "Find the directory with very many files: sudo du --inodes -x / | sort -n | tail",
  ),
  wear: ok(
    "{mb} MB written a day{source}; {disk} of {gb} GB would last {years} years",
  ),
  wear_fast: warn(
    "{mb} MB written a day{source}; {disk} of {gb} GB would last {years} years",
    "Use an industrial card or an SSD, or lengthen the reporting interval of the devices",
  ),
  wear_unknown: skip("{reason}"),
  emmc: ok("{percent} of its life used"),
  emmc_worn: warn(
    "{percent} of its life used",
    "Plan its replacement; keep a copy of the configuration",
  ),
  emmc_spent: fail(
    "its life is used up, by its own account",
    "Replace it before it fails: copy /etc/dash7-edge and the data directory first",
  ),
} as const satisfies Table;

const serial = {
  port: ok("{usb}"),
  port_unstable: warn(
    "this name may change when something is plugged in",
    'Set [serial] port = "{by_id}"',
  ),
  port_absent: fail("{missing}{there}", "{advice}"),
  port_ambiguous: fail(
    '"auto" finds more than one: {candidates}',
    "Set [serial] port to the modem's; unplug it and run dash7-edge ports to see which name goes",
  ),
  port_not_serial: fail(
    "not a serial device",
    "Set [serial] port to one of: {candidates}",
  ),
  port_access: ok("{user} may open it (group {group})"),
  port_denied: fail(
    "{whom} may not open it (owner {owner}, group {group}, mode {mode})",
    "{advice}",
  ),
  port_held_by_agent: ok("the running agent (pid {pid})"),
  port_unseen: skip(
    "this user may not open the port to ask",
    "sudo dash7-edge doctor",
  ),
  port_busy: fail("{command} (pid {pid}), which is not this agent", "{advice}"),
  port_unusable: fail("{reason}", "{advice}"),
  modem: ok("answers: UID {uid}, firmware {firmware}"),
  modem_heard: ok(
    "answers the running agent: UID {uid}, firmware {firmware}, {last}",
  ),
  modem_silent: fail(
    "does not answer: not one byte came within {waited_s} s",
    "Look at its power and its LEDs, and that this is its port; unplug it for ten seconds. On a UART, check that TX and RX are crossed",
  ),
  modem_garbled: fail(
    "{bytes} bytes came within {waited_s} s, none of them a frame",
    "Set [serial] baud (now {baud}) to the modem's, 115200 for IOWAY; or this port belongs to another device",
  ),
  modem_mute: fail(
    "frames come ({frames} within {waited_s} s), but it does not say who it is",
    "Unplug it for ten seconds; if that does not help, its firmware is not that of a gateway modem",
  ),
  modem_down: fail("the running agent says: {detail}", "{advice}"),

  devices: ok("{ok} of {known} heard as expected"),
  devices_none: warn(
    "not one device has been heard yet",
    "Press a button on one; look at the antenna and its plug, and at the distance",
  ),
  devices_silent: warn(
    "{missing} of {known} are silent",
    "dash7-edge devices tells which and since when; look at their supply and their antenna",
  ),
} as const satisfies Table;

const brokers = {
  dns: ok("{host} is {addresses} ({ms} ms)"),
  dns_literal: ok("{host} is an address, there is nothing to look up"),
  dns_unknown: fail(
    "there is no such name as {host}",
    "Correct broker in [sinks.{sink}]; try: getent hosts {host}",
  ),
  dns_no_answer: fail(
    "no name server answers ({reason})",
    "Look at network cable and router, and at nameserver in /etc/resolv.conf; try: getent hosts {host}",
  ),
  tcp: ok("{address} answers ({ms} ms)"),
  tcp_refused: fail(
    "{address} refuses: nothing listens on port {port}",
    "Look at the port in broker of [sinks.{sink}] (usual: 1883, with TLS 8883), and whether the broker runs",
  ),
  tcp_silent: fail(
    "{address} does not answer within {limit_s} s",
    "A firewall drops it, or the machine is off: let TCP port {port} out to {host}; try: ping {ip}",
  ),
  tcp_no_route: fail(
    "{address} cannot be reached: {reason}",
    "Look at network cable, address and default route: ip route get {ip}",
  ),
  tls: ok("{protocol}, certificate verified"),
  tls_files: fail("{reason}", "Correct {key} in [sinks.{sink}.tls]"),
  tls_handshake: fail(
    "the handshake fails: {reason}",
    "{advice}",
  ),
  tls_certificate: ok("{name}, valid until {until}, {left} left"),
  tls_expires: warn(
    "{name} expires on {until}, {left} left",
    "Have it renewed by who runs the broker, before that day",
  ),
  tls_expired: fail(
    "{name} expired on {until}, {past} ago",
    "Who runs the broker must renew it; nothing on this gateway can help",
  ),
  tls_early: fail(
    "{name} is not valid before {from}",
    "Who runs the broker must look at it; the clock of this gateway is synchronised",
  ),
  tls_clock: fail(
    "{name} counts from {from} to {until}, and this machine's clock says {now}: the clock is the cause, not the certificate",
    "Set the clock first: sudo timedatectl set-ntp true; then run dash7-edge doctor again",
  ),
  tls_clock_maybe: fail(
    "{name} counts from {from} to {until}; this machine's clock says {now} and is not synchronised",
    "Make sure of the clock first: sudo timedatectl set-ntp true; if the certificate is still out of date then, who runs the broker must renew it",
  ),
  tls_name: fail(
    "the certificate is not for {host} but for {names}",
    "Set broker in [sinks.{sink}] to a name of the certificate, or have one issued for {host}",
  ),
  tls_self_signed: fail(
    "the certificate is signed by itself: {name}",
    "Get that certificate from who runs the broker, put it in /etc/dash7-edge/ and name it in ca_file of [sinks.{sink}.tls]",
  ),
  tls_unknown_authority: fail(
    "{name} was issued by {issuer}, whom {trusted} do not know",
    "Get the certificate of {issuer} from who runs the broker and name it in ca_file of [sinks.{sink}.tls]. If it is a public authority, the broker leaves out its intermediate certificate",
  ),
  tls_refused: fail(
    "the certificate is refused: {reason}",
    "Show this to who runs the broker; try: openssl s_client -connect {address} -servername {host}",
  ),
  tls_unverified: warn(
    "any certificate is accepted: verify = false",
    "Set verify = true in [sinks.{sink}.tls], with ca_file for a private authority",
  ),
  tls_client: ok("{name}, valid until {until}, {left} left, key fits"),
  tls_client_expires: warn(
    "{name} expires on {until}, {left} left",
    "Have a new client certificate issued and put it in place of {file}",
  ),
  tls_client_expired: fail(
    "{name} is valid from {from} to {until} only, and this machine's clock says {now}",
    "If the clock is right, have a new client certificate issued and put it in place of {file}",
  ),
  plaintext: warn(
    "passwords and readings cross the network unencrypted (mqtt://)",
    "Use mqtts:// if the broker offers it",
  ),
  login: ok("as {user}, MQTT {protocol} ({ms} ms)"),
  login_refused: fail(
    "the broker refuses {user}: {reason}",
    "Correct username and password in [sinks.{sink}]; who runs the broker can see the refusal in its log",
  ),
  login_protocol: fail(
    "the broker does not speak MQTT {protocol}: {reason}",
    'Set protocol = "{other}" in [sinks.{sink}]',
  ),
  login_failed: fail(
    "{reason}",
    "{advice}",
  ),
  publish: ok("{topic} is taken{subscribed}"),
  publish_denied: fail(
    "{user} may not publish to {topic}: {reason}",
    "Who runs the broker must let {user} write to {pattern}",
  ),
  publish_refused: fail(
    "the broker refuses {topic}: {reason}",
    "Who runs the broker can see the reason in its log",
  ),
  publish_cut: fail(
    "the connection ended when {topic} was published: {reason}",
    "Many brokers do so when the right is missing: who runs the broker must let {user} write to {pattern}",
  ),
  publish_unseen: skip(
    "MQTT 3.1.1 has no word for a refusal: this broker may drop messages in silence",
    'Set protocol = "5" if the broker can; else look for the readings at the platform',
  ),
  publish_untried: skip("{reason}"),
} as const satisfies Table;

const places = {
  file: ok("{user} may write"),
  file_denied: fail(
    "{whom} may not write there",
    "sudo chown {user} {path}, or set path of [sinks.{sink}] to another file",
  ),
  file_protected: fail(
    "not writable for the service, which its unit keeps to {allowed}",
    "sudo systemctl edit dash7-edge, add [Service] and ReadWritePaths={dir}, then: sudo systemctl restart dash7-edge",
  ),
  file_no_directory: fail(
    "its directory is not there",
    "sudo install -d -o {user} {dir}, or set path of [sinks.{sink}] to another file",
  ),
  stdout: ok("readings go to the standard output of the agent"),
  listener: ok("{address} is free"),
  listener_held: ok("{address} is in use, as it should be: the agent runs"),
  listener_taken: fail(
    "{address} is in use by another program",
    "See which: sudo ss -ltnp 'sport = :{port}'; stop it, or set {key} in [sinks.{sink}] to another port",
  ),
  listener_denied: fail(
    "{user} may not listen on port {port}",
    "Set {key} in [sinks.{sink}] to a port above 1023, or run it as the service, which may",
  ),
  listener_failed: fail(
    "{address}: {reason}",
    "Set {key} in [sinks.{sink}] to an address of this machine; ip address lists them",
  ),
  awaited: ok("{reason}"),
  sink: ok("{reason}"),
  sink_failed: fail("{reason}", "Correct [sinks.{sink}]: {reason}"),
  sink_up: ok(
    "up in the running agent: {delivered} delivered, {pending} waiting",
  ),
  sink_down: warn(
    "down in the running agent, {pending} waiting: {detail}",
    "{advice}",
  ),
  sink_rejects: warn(
    "the platform has rejected {rejected} readings",
    "See which and why: dash7-edge queue peek {sink} --rejected",
  ),
} as const satisfies Table;

/** The tables in the order of the output, with their headings; what the documentation lists. */
export const codeTables = {
  "Any subject": general,
  "Configuration": configuration,
  "Machine": machine,
  "Disk": disk,
  "Serial port and modem": serial,
  "The way to a broker": brokers,
  "Other places of sinks": places,
} as const;

/** All codes. */
export const codes = {
  ...general,
  ...configuration,
  ...machine,
  ...disk,
  ...serial,
  ...brokers,
  ...places,
} as const satisfies Table;

/** A stable word for a finding. */
export type Code = keyof typeof codes;
