/**
 * `deno task docs`: writes the generated parts of every page below `docs/`.
 * Which parts a page has is told by its markers, `<!-- table NAME -->` to
 * `<!-- end NAME -->`.
 *
 * @module
 */
import { codeParts } from "./code_tables.ts";
import { commandParts } from "./command_reference.ts";
import { configParts } from "./config_reference.ts";
import { measuredParts } from "./measured_tables.ts";
import { type Parts, withParts } from "./parts.ts";
import { siconParts } from "./sicon_tables.ts";

/** The project's root. */
export const root = new URL("../../", import.meta.url);

/** Everything that can be generated, by marker. */
export async function allParts(): Promise<Parts> {
  return new Map([
    ...siconParts,
    ...configParts,
    ...codeParts,
    ...measuredParts,
    ...await commandParts(),
  ]);
}

/** Every page of the manual, from the project's root. */
export function pages(under = "docs"): readonly string[] {
  return [...Deno.readDirSync(new URL(`${under}/`, root))]
    .flatMap(({ name, isDirectory }) =>
      isDirectory
        ? pages(`${under}/${name}`)
        : name.endsWith(".md")
        ? [`${under}/${name}`]
        : []
    ).sort();
}

/** Markers in a text. */
export function markersIn(text: string): readonly string[] {
  return [...text.matchAll(/<!-- table (.+?) -->/g)]
    .map(([, name = ""]) => name);
}

/**
 * A page with its parts as the program has them now.
 *
 * @throws {Error} naming a marker that nothing is known for
 */
export function current(text: string, parts: Parts): string {
  const wanted = new Map<string, () => string>();
  for (const name of markersIn(text)) {
    const make = parts.get(name);
    if (make === undefined) throw new Error(`Nothing to write at ${name}`);
    wanted.set(name, make);
  }
  return withParts(text, wanted);
}

if (import.meta.main) {
  const parts = await allParts();
  for (const page of pages()) {
    const file = new URL(page, root);
    const text = Deno.readTextFileSync(file);
    const written = current(text, parts);
    if (written !== text) Deno.writeTextFileSync(file, written);
  }
}
