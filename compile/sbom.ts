/**
 * What the files are made of, as a CycloneDX 1.6 document: the npm packages
 * whose code is in the bundle and the runtimes. Without random numbers and clock, so that one commit gives one document.
 *
 * @module
 */
import { BuildError, sha256 } from "./run.ts";
import { denoVersion, targets } from "./targets.ts";

/** The part of a version 5 `deno.lock` that is read here. */
export interface Lock {
  readonly npm: Readonly<
    Record<
      string,
      {
        readonly integrity?: string;
        /** Names; with `@VERSION` where several are locked. */
        readonly dependencies?: readonly string[];
      }
    >
  >;
}

/** What the document is about. */
export interface Subject {
  readonly version: string;
  readonly commit: string;
  /** ISO 8601; null leaves the time out. */
  readonly committedAt: string | null;
}

/**
 * The document.
 *
 * @param packages those of the bundle, as `NAME@VERSION`
 * @throws {BuildError} when the lock file knows nothing of a package
 */
export async function sbom(
  { version, commit, committedAt }: Subject,
  packages: readonly string[],
  lock: Lock,
): Promise<string> {
  const purlOf = (id: string) => {
    const at = id.lastIndexOf("@");
    return `pkg:npm/${id.slice(0, at).replace("@", "%40")}@${id.slice(at + 1)}`;
  };
  const components = [
    ...packages.map((id) => {
      const at = id.lastIndexOf("@");
      const integrity = lock.npm[id]?.integrity;
      if (integrity === undefined) {
        throw new BuildError(`Cannot write the SBOM: deno.lock lacks ${id}`);
      }
      return component(id.slice(0, at), id.slice(at + 1), purlOf(id), {
        alg: "SHA-512",
        content: Uint8Array.fromBase64(integrity.slice("sha512-".length))
          .toHex(),
      });
    }),
    ...targets.map(({ runtime }) =>
      component(
        runtime.name,
        denoVersion,
        purlOf(`${runtime.name}@${denoVersion}`),
        { alg: "SHA-256", content: runtime.sha256 },
      )
    ),
  ];
  const subject = `pkg:generic/dash7-edge@${version}`;
  const body = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      ...(committedAt === null ? {} : { timestamp: committedAt }),
      component: {
        type: "application",
        "bom-ref": subject,
        name: "dash7-edge",
        version,
        licenses: [{ license: { id: "Apache-2.0" } }],
        purl: subject,
        properties: [{ name: "commit", value: commit }],
      },
    },
    components,
    dependencies: [
      {
        ref: subject,
        dependsOn: components.map((part) => part["bom-ref"]),
      },
      ...packages.map((id) => ({
        ref: purlOf(id),
        dependsOn: packages.filter((other) =>
          lock.npm[id]?.dependencies?.some((needed) =>
            other === needed ||
            other.slice(0, other.lastIndexOf("@")) === needed
          )
        ).map(purlOf),
      })),
    ],
  };
  const digest = await sha256(new TextEncoder().encode(JSON.stringify(body)));
  return JSON.stringify({ ...body, serialNumber: urn(digest) }, null, 2) + "\n";
}

function component(
  name: string,
  version: string,
  purl: string,
  hash: { alg: string; content: string },
) {
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    purl,
    hashes: [hash],
  } as const;
}

/** A digest in the form of a UUID of version 8 [RFC 9562 §5.8]. */
function urn(digest: string): string {
  const [a, b, c, d, e] = [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`,
    `8${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ];
  return `urn:uuid:${a}-${b}-${c}-${d}-${e}`;
}
