import assert from "node:assert/strict";
import { sbom } from "../../compile/sbom.ts";
import { targets } from "../../compile/targets.ts";

const lock = {
  npm: {
    "@a/b@1.0.0": { integrity: "sha512-AAEC", dependencies: ["c"] },
    "c@2.0.0": { integrity: "sha512-/w==" },
    "unused@3.0.0": { integrity: "sha512-/w==" },
  },
};
const subject = {
  version: "1.2.3",
  commit: "f".repeat(40),
  committedAt: "2026-01-02T03:04:05Z",
};

Deno.test("sbom() names what is in the bundle and the runtimes, nothing else", async () => {
  const packages = ["@a/b@1.0.0", "c@2.0.0"];
  const text = await sbom(subject, packages, lock);
  assert.equal(text, await sbom(subject, packages, lock));
  const document = JSON.parse(text);
  assert.equal(document.bomFormat, "CycloneDX");
  assert.match(
    document.serialNumber,
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  assert.equal(document.metadata.timestamp, subject.committedAt);
  const [first] = document.components;
  assert.equal(first.purl, "pkg:npm/%40a/b@1.0.0");
  assert.deepEqual(first.hashes, [{ alg: "SHA-512", content: "000102" }]);
  assert.equal(document.components.length, packages.length + targets.length);
  assert.deepEqual(
    document.dependencies.find(({ ref }: { ref: string }) =>
      ref === first["bom-ref"]
    ).dependsOn,
    ["pkg:npm/c@2.0.0"],
  );
});

Deno.test("sbom() refuses a package that the lock file does not know", async () => {
  await assert.rejects(
    sbom(subject, ["new@1.0.0"], lock),
    /Cannot write the SBOM: deno.lock lacks new@1.0.0/,
  );
});
