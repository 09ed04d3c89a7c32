/**
 * The npm packages and parts of the runtime that the agent imports, and nothing
 * else: what they take is the program's own only in as far as it needs them.
 *
 * @module
 */
import * as sqlite from "node:sqlite";
import * as http from "node:http";
import * as tls from "node:tls";
import * as crypto from "node:crypto";
import * as logtape from "@logtape/logtape";
import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import { runAsync } from "@optique/run";
import mqtt from "mqtt";
import * as prometheus from "prom-client";
import { parse, stringify } from "smol-toml";
import { z } from "zod";

// Named once, so that a bundler leaves them in.
const parts = [
  ...[sqlite.DatabaseSync, http.createServer, tls.connect, crypto.createHash],
  ...[logtape.configure, object, or, message, map, optional, withDefault],
  ...[argument, command, option, integer, string, runAsync, mqtt.connect],
  ...[prometheus.Registry, parse, stringify, z.object, z.string, z.number],
];
setInterval(() => parts.length, 60_000);
