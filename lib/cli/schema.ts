/**
 * `schema`: the configuration as JSON Schema.
 *
 * @module
 */
import { message } from "@optique/core/message";
import { map } from "@optique/core/modifiers";
import { command, constant } from "@optique/core/primitives";
import { configJsonSchema } from "../config/config.ts";
import type { Action } from "./io.ts";

/** Grammar of `schema`. */
export const schemaCommand = command(
  "schema",
  map(constant(null), (): Action => (io) => {
    io.out(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
    return 0;
  }),
  {
    description:
      message`Print the JSON Schema of the configuration, for editors.`,
  },
);
