/**
 * Takes out of the environment what makes dependencies write secrets to the
 * log: with `DEBUG` set, the MQTT library's packet writer tells every text of a
 * packet, the password of a login among them. It reads the variable when it is
 * loaded, so this file does its work by being imported, before all others.
 *
 * @module
 */

/** Variables that this program runs without. */
export const withheld: readonly string[] = [
  "DEBUG",
  "NODE_DEBUG",
  "SSLKEYLOGFILE",
];

for (const name of withheld) Deno.env.delete(name);
