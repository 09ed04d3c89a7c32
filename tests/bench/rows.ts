/**
 * Every row of the bench, in the order of the table.
 *
 * @module
 */
import { codec, garbage, startUp } from "./agent_rows.ts";
import { backlog, dashboard } from "./backlog_rows.ts";
import { size, wear } from "./disk_rows.ts";
import { emqtt } from "./emqtt_load.ts";
import { cpu, sustained } from "./flow_rows.ts";
import { latencyRows } from "./latency_rows.ts";
import { memoryProfile } from "./memory_rows.ts";
import type { Row } from "./quantity.ts";

/** All rows. */
export const rows: readonly Row[] = [
  codec,
  ...latencyRows,
  sustained,
  backlog,
  cpu,
  garbage,
  startUp,
  memoryProfile,
  wear,
  size,
  dashboard,
  emqtt,
];
