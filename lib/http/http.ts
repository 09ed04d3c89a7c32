/**
 * Section `[http]` of the configuration: dashboard, status, metrics and the
 * control socket.
 *
 * @module
 */
import * as z from "zod";

/** Section `[http]`. */
export const httpConfig = z.strictObject({
  listen: z.string().default("127.0.0.1:8080")
    .describe('address and port of dashboard, /status and /metrics; "" is off'),
  socket: z.string().optional()
    .describe(
      "control socket; default $RUNTIME_DIRECTORY/control.sock, else data_dir/control.sock",
    ),
  token: z.string().min(1).optional()
    .describe(
      "secret that every request over TCP must bring; needed when listen is not a loopback address",
    ),
});

/** Checked section `[http]`. */
export type HttpConfig = z.infer<typeof httpConfig>;
