/**
 * Every target, in the order that they run.
 *
 * @module
 */
import type { Target } from "../target.ts";
import { alp } from "./alp.ts";
import { capture } from "./capture.ts";
import { carve } from "./carve.ts";
import { config } from "./config.ts";
import { deframer } from "./deframer.ts";
import { emqtt } from "./emqtt.ts";
import { files } from "./files.ts";
import { httpRaw } from "./http_raw.ts";
import { json } from "./json.ts";
import { mqtt } from "./mqtt.ts";
import { control, http } from "./requests.ts";

/** All targets. */
export const targets: readonly Target[] = [
  deframer,
  alp,
  files,
  json,
  carve,
  capture,
  http,
  control,
  emqtt,
  config,
  httpRaw,
  mqtt,
];
