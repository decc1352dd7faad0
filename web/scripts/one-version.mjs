// Fails when the lock holds a loaders.gl, luma.gl or deck.gl package twice: two copies do not share loaders or a GPU
// device, and the page breaks only at run time.
import { readFileSync } from "node:fs";

const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));
const versions = new Map();
for (const [path, entry] of Object.entries(lock.packages)) {
  const name = path.split("node_modules/").at(-1);
  if (!/^@(loaders|luma|deck)\.gl\//.test(name)) continue;
  versions.set(name, [...(versions.get(name) ?? []), entry.version]);
}
const doubled = [...versions].filter(([, found]) => found.length > 1);
const addressed = Object.values(lock.packages).filter((entry) => entry.resolved).length;
for (const [name, found] of doubled) console.error(`${name} is installed ${found.length} times: ${found.join(", ")}`);
if (addressed > 0) console.error(`${addressed} entries of package-lock.json carry a download address`);
process.exit(doubled.length + addressed > 0 ? 1 : 0);
