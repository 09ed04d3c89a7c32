/**
 * ◆ The body of the onSite trigger, `POST /set_broker_host`. [eMQTT 3.1]
 *
 * @module
 */

/** A broker's URL, or why there is none. */
export type Asked = { readonly broker: string } | { readonly refusal: string };

const DEFAULT_PORT = 1883;
const NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}))*\.?$/;
const V6 = /^(?=(?:[0-9A-Fa-f.]*:){2})[0-9A-Fa-f:.]+$/;

/** Reads `{"MQTT_HOST": "<IP or name>[:port]"}`; the key in any case. [E-060, E-061] */
export function brokerOf(body: string): Asked {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { refusal: "The body is not JSON" };
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return { refusal: 'The body is not an object like {"MQTT_HOST":"…"}' };
  }
  const entries = Object.entries(parsed);
  const [, value] = entries.find(([key]) => key === "MQTT_HOST") ??
    entries.find(([key]) => key.toUpperCase() === "MQTT_HOST") ?? [];
  if (value === undefined) return { refusal: "MQTT_HOST is missing" };
  if (typeof value !== "string" || value.trim() === "") {
    return { refusal: "MQTT_HOST is empty or not a text" };
  }
  return brokerUrl(value.trim());
}

function brokerUrl(text: string): Asked {
  const refusal = `MQTT_HOST is no host: ${
    JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text)
  }`;
  const bare = V6.test(text) ? `[${text}]` : text;
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(
    bare,
  );
  if (match === null) return { refusal };
  const [, v6, name, portText] = match;
  const port = portText === undefined ? DEFAULT_PORT : Number(portText);
  if (port < 1 || port > 65_535) return { refusal };
  if (v6 !== undefined) {
    return URL.canParse(`http://[${v6}]`)
      ? { broker: `mqtt://[${v6.toLowerCase()}]:${port}` }
      : { refusal };
  }
  // Four numbers must be an address: 300.1.1.1 is no name either.
  if (
    name === undefined || !NAME.test(name) || !URL.canParse(`http://${name}`)
  ) return { refusal };
  return { broker: `mqtt://${name.toLowerCase()}:${port}` };
}
