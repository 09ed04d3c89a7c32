/**
 * All faults by name.
 *
 * @module
 */
import type { FaultName } from "../schedule.ts";
import {
  brokerFrozen,
  brokerFrozenAgentKilled,
  brokerKilled,
  brokerLosesState,
  brokerRefusesLogin,
  brokerRestarted,
  brokerRevokesRights,
} from "./broker.ts";
import { clockFirstSet, clockStepped } from "./clock.ts";
import { damageDatabase, damageWal } from "./damage.ts";
import { diskFull, diskReadOnly, diskRefusesWrite } from "./disk.ts";
import type { Fault } from "./fault.ts";
import { killAtPoint, killAtRandom, killInScene } from "./kill.ts";
import {
  counterGap,
  lineGarbage,
  lineSilent,
  lineUnpluggedMidFrame,
  modemRebooted,
  modemRebootedMidRequest,
} from "./line.ts";
import { memoryLimit } from "./memory.ts";
import { nameGone } from "./name.ts";
import { tlsExpired, tlsForeign, tlsRotated, tlsWrongName } from "./tls.ts";
import {
  wireAcksOutOfOrder,
  wireCut,
  wireCutMidPacket,
  wireDoublesAcks,
  wireMalformed,
  wireSlow,
  wireWithholdsAcks,
  wireWithholdsAcksAgentKilled,
} from "./wire.ts";

/** Name → what it does. */
export const faults: Readonly<Record<FaultName, Fault>> = {
  kill_at_point: killAtPoint,
  kill_at_random: killAtRandom,
  kill_in_scene: killInScene,
  broker_killed: brokerKilled,
  broker_restarted: brokerRestarted,
  broker_frozen: brokerFrozen,
  broker_frozen_agent_killed: brokerFrozenAgentKilled,
  broker_loses_state: brokerLosesState,
  broker_refuses_login: brokerRefusesLogin,
  broker_revokes_rights: brokerRevokesRights,
  wire_slow: wireSlow,
  wire_cut_mid_packet: wireCutMidPacket,
  wire_cut: wireCut,
  wire_withholds_acks: wireWithholdsAcks,
  wire_withholds_acks_agent_killed: wireWithholdsAcksAgentKilled,
  wire_doubles_acks: wireDoublesAcks,
  wire_acks_out_of_order: wireAcksOutOfOrder,
  wire_malformed: wireMalformed,
  tls_expired: tlsExpired,
  tls_wrong_name: tlsWrongName,
  tls_foreign: tlsForeign,
  tls_rotated: tlsRotated,
  name_gone: nameGone,
  disk_full: diskFull,
  disk_read_only: diskReadOnly,
  disk_refuses_write: diskRefusesWrite,
  damage_database: damageDatabase,
  damage_wal: damageWal,
  clock_first_set: clockFirstSet,
  clock_stepped: clockStepped,
  line_unplugged_mid_frame: lineUnpluggedMidFrame,
  line_silent: lineSilent,
  line_garbage: lineGarbage,
  modem_rebooted: modemRebooted,
  modem_rebooted_mid_request: modemRebootedMidRequest,
  counter_gap: counterGap,
  memory_limit: memoryLimit,
};
