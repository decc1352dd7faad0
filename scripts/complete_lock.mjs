// Adds to web/package-lock.json the optional packages of other platforms that a registry did not offer when it was resolved.
// `npm ci` wants every optional dependency in the lock, even those that this platform never installs.
// Their version is exact in the package that asks for them; the platform is read from their name. No integrity is known.
import { readFileSync, writeFileSync } from "node:fs";

const path = new URL("../web/package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(path, "utf8"));
const systems = ["android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32", "aix"];
const processors = ["arm64", "arm", "ia32", "x64", "ppc64", "riscv64", "s390x", "loong64", "mips64el", "wasm32"];

for (const [owner, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const known = [`${owner}/node_modules/${name}`, `node_modules/${name}`].some((place) => place in lock.packages);
    const words = name.split(/[/-]/);
    const os = systems.find((system) => words.includes(system));
    const cpu = processors.find((processor) => words.includes(processor));
    if (known || owner === "" || !/^\d/.test(version) || !os || !cpu) continue;
    lock.packages[`node_modules/${name}`] = { version, cpu: [cpu], optional: true, os: [os] };
    process.stdout.write(`added ${name} ${version} (${os}, ${cpu})\n`);
  }
}
const root = lock.packages[""];
delete lock.packages[""];
const sorted = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
lock.packages = { "": root, ...sorted };
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
