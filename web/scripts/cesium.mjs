// Puts Cesium's ready build beside the viewer, for the page /globe: node scripts/cesium.mjs
//
// Not a dependency of the viewer: as one it brings 27 packages and 133 MB into node_modules, of which the page needs 14 MB of
// one package. `npm pack` fetches that one file from the registry the user's npm is set to (and out of npm's cache the next
// time); what comes is held against the hash in cesium.json. Without a registry the viewer is whole but for /globe, which
// says so. The unpacked parts stay in build/, because every build of the viewer empties its folder.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const wanted = JSON.parse(readFileSync(new URL("../cesium.json", import.meta.url), "utf8"));
const name = `${wanted.package}-${wanted.version}`;
const kept = join(ROOT, "build", name);
const target = join(ROOT, "api/static/viewer/static", name);

class NotReached extends Error {}

/** The line of npm's complaint that says why. */
function reasonOf(complaint) {
  const lines = complaint.split("\n").map((line) => line.replace(/^npm (error|ERR!) ?/, "").trim());
  return (
    lines.find((line) => line.includes("reason:")) ??
    lines
      .filter((line) => line !== "")
      .slice(0, 2)
      .join(", ")
  );
}

/** Have npm fetch the package's file into a folder; returns its path. */
function fetched(folder) {
  const options = ["--pack-destination", folder, "--ignore-scripts", "--prefer-offline", "--fetch-retries=0"];
  const command = [
    "pack",
    `${wanted.package}@${wanted.version}`,
    "--loglevel=error",
    "--fetch-timeout=120000",
    ...options,
  ];
  try {
    execFileSync("npm", command, { stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    throw new NotReached(reasonOf(String(error.stderr ?? error.message)));
  }
  return join(folder, `${name}.tgz`);
}

function requireIntegrity(file) {
  const found = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
  if (found === wanted.integrity) return;
  throw new Error(
    `the registry's ${name}.tgz is not the one of web/cesium.json: ${found} in place of ${wanted.integrity}`,
  );
}

/**
 * Cesium.js holds Knockout, which finds the global object by `eval`; the server's content policy allows no evaluation of
 * texts, to this page neither. What is put in its place means the same in every browser that the viewer is built for.
 */
function withoutEval(file) {
  const text = readFileSync(file, "utf8");
  const parts = text.split('(0,eval)("this")');
  if (parts.length !== 2)
    throw new Error(`${name}: Cesium.js evaluates texts at ${parts.length - 1} places, not at one`);
  const note = `/* Changed by heat twin (web/scripts/cesium.mjs): globalThis in place of one evaluated text. */\n`;
  writeFileSync(file, note + parts.join("globalThis"));
}

/** Unpack the parts that the page needs; the folder appears whole or not at all. */
function unpack() {
  mkdirSync(join(ROOT, "build"), { recursive: true });
  const work = mkdtempSync(join(ROOT, "build", `${name}-`));
  try {
    const file = fetched(work);
    requireIntegrity(file);
    const members = [...wanted.parts.map((part) => `package/Build/Cesium/${part}`), "package/LICENSE.md"];
    execFileSync("tar", ["-xzf", file, "-C", work, ...members]);
    const built = join(work, "package/Build/Cesium");
    cpSync(join(work, "package/LICENSE.md"), join(built, "LICENSE.md"));
    withoutEval(join(built, "Cesium.js"));
    rmSync(kept, { recursive: true, force: true });
    renameSync(built, kept);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

try {
  if (!existsSync(kept)) unpack();
  mkdirSync(join(target, ".."), { recursive: true });
  cpSync(kept, target, { recursive: true });
  console.log(`${name} is at ${target.slice(ROOT.length)}`);
} catch (error) {
  if (!(error instanceof NotReached)) throw error;
  console.warn(`${name} is left out: npm could not fetch it (${error.message}).`);
  console.warn("The viewer works without it, the page /globe says that it is missing. `make web` tries again.");
}
