import assert from "node:assert/strict";
import { z } from "zod";
import {
  brokerAddress,
  brokerConfig,
  checkBroker,
  MqttError,
} from "../../lib/mqtt/mqtt.ts";

Deno.test("brokerAddress() reads hosts, ports and TLS", () => {
  const rows: [string, string, number, boolean, string][] = [
    [
      "mqtt://broker.example",
      "broker.example",
      1883,
      false,
      "broker.example:1883",
    ],
    [
      "mqtts://broker.example",
      "broker.example",
      8883,
      true,
      "broker.example:8883",
    ],
    [
      "mqtts://192.168.3.110:443/",
      "192.168.3.110",
      443,
      true,
      "192.168.3.110:443",
    ],
    ["mqtt://[::1]:1884", "::1", 1884, false, "[::1]:1884"],
  ];
  for (const [url, host, port, secure, text] of rows) {
    assert.deepEqual(brokerAddress(url), { host, port, secure, text });
  }
});

Deno.test("brokerAddress() refuses what is not a broker and says what would do", () => {
  for (
    const url of [
      "",
      "broker.example",
      "http://broker.example",
      "ws://broker.example",
      "mqtt://",
      "mqtt://%",
      "mqtt://h:0",
      "mqtt://h:70000",
      "mqtt://h/topic",
      "mqtt://h?x=1",
      "mqtt://u:secret@h",
    ]
  ) {
    assert.throws(() => brokerAddress(url), (error) => {
      assert(error instanceof MqttError, url);
      assert.match(error.message, /expected mqtt:\/\/host\[:port\] or mqtts:/);
      assert(!error.message.includes("secret"));
      return error.step === "config";
    });
  }
});

Deno.test("brokerConfig refuses keys that contradict each other", () => {
  const schema = z.strictObject(brokerConfig).superRefine(checkBroker);
  const problems = (more: Record<string, unknown>) =>
    schema.safeParse({ broker: "mqtt://h", ...more }).error?.issues.map((
      { path },
    ) => path.join(".")) ?? [];
  assert.deepEqual(problems({}), []);
  assert.deepEqual(
    problems({ username: "u", password: "p", password_file: "f" }),
    ["password_file"],
  );
  assert.deepEqual(problems({ password: "p", protocol: "3.1.1" }), [
    "username",
  ]);
  const secured = { broker: "mqtts://h" };
  assert.deepEqual(problems({ ...secured, tls: { cert_file: "c" } }), [
    "tls.key_file",
  ]);
  for (const broker of ["mqtt://h", "MQTT://h"]) {
    assert.deepEqual(problems({ broker, tls: { ca_file: "c" } }), ["broker"]);
  }
  assert.deepEqual(problems({ tls: { verfy: false } }), ["tls"]);
  assert.deepEqual(problems({ broker: "http://h" }), ["broker"]);
});
