/**
 * What an operator may say about readings and devices: sections `[readings]`
 * and `[devices."UID"]` of the configuration.
 *
 * @module
 */
import * as z from "zod";

/** Section `[readings]`. */
export const readingsConfig = z.strictObject({
  duplicate_window_s: z.number().min(0).max(86_400).default(60)
    .describe(
      "a push with the same device, file and bytes as the one before, within this time, is counted and not delivered; 0 is off",
    ),
});

/** Sections `[devices."UID"]`: keys are UIDs (16 hex digits) or VIDs (4). */
export const devicesConfig = z.record(
  z.string().regex(
    /^([0-9A-Fa-f]{16}|[0-9A-Fa-f]{4})$/,
    "a UID of 16 hex digits (or a VID of 4)",
  ),
  z.strictObject({
    name: z.string().min(1).optional().describe("name shown for this device"),
    ignore: z.boolean().default(false)
      .describe("true: count what this device sends, deliver nothing"),
  }),
);

/** Checked section `[readings]`. */
export type ReadingsConfig = z.infer<typeof readingsConfig>;
/** Checked sections `[devices]`. */
export type DevicesConfig = z.infer<typeof devicesConfig>;
