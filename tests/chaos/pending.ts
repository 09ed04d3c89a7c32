/**
 * What a running agent says is waiting, asked over its control socket.
 *
 * @module
 */
import { get } from "node:http";

/** Readings that wait for a sink; null when the agent does not answer. */
export async function pendingOf(
  socketPath: string,
  sink: string,
): Promise<number | null> {
  const text = await new Promise<string | null>((resolve) => {
    const request = get({ socketPath, path: "/status" }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => body += chunk);
      response.on("end", () => resolve(body));
      response.on("error", () => resolve(null));
    });
    request.on("error", () => resolve(null));
    request.setTimeout(5000, () => request.destroy());
  });
  if (text === null) return null;
  const status: {
    readonly sinks?: readonly {
      readonly name: string;
      readonly pending: number;
    }[];
  } = JSON.parse(text);
  return status.sinks?.find(({ name }) => name === sink)?.pending ?? null;
}
