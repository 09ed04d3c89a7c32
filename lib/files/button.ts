/**
 * Button file and its configuration file. [APP filesystem/button_file.c]
 *
 * @module
 */
import { type Decoded, struct } from "../bytes/codec.ts";
import { bool, u8 } from "../bytes/values.ts";
import type { Measurement } from "../reading/reading.ts";
import { defineFile, type DeviceFile } from "./file.ts";

const button = struct({
  /** Index of the button that changed, from 0. */
  buttonId: u8,
  /** Its new level, true if pressed. */
  mask: bool,
  /** Bit i: button i is pressed now. */
  buttonsState: u8,
});

/** File 51; sent on press and on release. */
export const buttonFile: DeviceFile<Decoded<typeof button>> = {
  ...defineFile(51, "button", { bySize: { 3: button } }),
  measurements: ({ buttonId, mask, buttonsState }) => [
    state("button_id", buttonId),
    state("mask", mask),
    state("buttons_state", buttonsState),
    state("button_pressed", (buttonsState & 1) === 1),
  ],
  valid: () => true,
};

const config = struct({
  /** Releases are sent. */
  transmitMask_0: bool,
  /** Presses are sent. */
  transmitMask_1: bool,
  buttonControlMenu: bool,
  enabled: bool,
});

/** File 61. */
export const buttonConfigFile: DeviceFile<Decoded<typeof config>> = {
  ...defineFile(61, "button_config", { bySize: { 4: config } }),
  measurements: (value) => [
    setting("transmit_mask_0", value.transmitMask_0),
    setting("transmit_mask_1", value.transmitMask_1),
    setting("button_control_menu", value.buttonControlMenu),
    setting("enabled", value.enabled),
  ],
  valid: () => true,
};

function state(name: string, value: number | boolean): Measurement {
  return { name, quantity: "button", unit: null, value };
}

function setting(name: string, value: boolean): Measurement {
  return { name, quantity: "setting", unit: null, value };
}
