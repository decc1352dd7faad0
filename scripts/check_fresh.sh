#!/usr/bin/env bash
# Proves the two commands in a fresh Debian 12 with Python 3.11 and Node 20 and nothing else.
#   TARGETS="test run"   what to prove (default both); any other word is a make target
#   FRESH_DIR=/some/dir  where to build it (default a new folder in /var/tmp, some 6 GB)
# Needs root and debootstrap. Everything runs in a mount and process namespace of its own, which takes mounts and processes along
# when it ends.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf '\033[1mfresh:\033[0m %s\n' "$*"; }
stop() { printf 'fresh: %s\n' "$*" >&2; exit 1; }

if [ "${HEAT_TWIN_TEST_IN_NAMESPACE:-}" != yes ]; then
  [ "$(id -u)" = 0 ] || stop "needs root (debootstrap and chroot)"
  command -v debootstrap > /dev/null || stop "debootstrap is missing: apt-get install debootstrap"
  command -v node > /dev/null || stop "Node 20 is missing on this machine; its files are what the fresh one gets"
  export HEAT_TWIN_TEST_IN_NAMESPACE=yes
  exec unshare --mount --pid --fork --kill-child --propagation private "$0"
fi

root=${FRESH_DIR:-$(mktemp -d /var/tmp/heat-twin-fresh.XXXXXX)}
mkdir -p "$root"
clean() {
  for mounted in dev/shm dev proc; do umount "$root/$mounted" 2> /dev/null || true; done
  [ -n "${FRESH_DIR:-}" ] || rm -rf --one-file-system "$root"
}
trap clean EXIT

say "Debian 12 into $root"
mirror=$(sed -n 's/^URIs: //p' /etc/apt/sources.list.d/debian.sources 2> /dev/null | head -n 1)
[ -e "$root/etc/debian_version" ] || debootstrap --variant=minbase \
  --include=python3,make,git,ca-certificates,libstdc++6,procps bookworm "$root" ${mirror:+"$mirror"} > "$root.debootstrap.log" \
  || stop "debootstrap failed: $(tail -n 1 "$root.debootstrap.log")"
rm -f "$root.debootstrap.log"

# how this machine reaches its package registries
for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/npmrc /usr/etc/npmrc /root/.npmrc /etc/ssl/certs/ca-certificates.crt \
  /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
  [ -e "$file" ] && mkdir -p "$root$(dirname "$file")" && cp -L "$file" "$root$file"
done
cp -L /etc/apt/apt.conf.d/* "$root/etc/apt/apt.conf.d/" 2> /dev/null || true
tree=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
mkdir -p "$root/usr/bin" "$root/usr/lib/node_modules"
cp "$tree/bin/node" "$root/usr/bin/node"
cp -r "$tree/lib/node_modules/npm" "$root/usr/lib/node_modules/"
ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/bin/npm"
ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/bin/npx"

mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mkdir -p "$root/dev/shm" && mount -t tmpfs -o size=2g,mode=1777 tmpfs "$root/dev/shm"
if [ -d "$root/srv/heat-twin/.git" ]; then # a kept FRESH_DIR goes on where it was
  git -C "$root/srv/heat-twin" fetch --quiet origin
  git -C "$root/srv/heat-twin" reset --quiet --hard "$(git rev-parse HEAD)"
else
  git clone --quiet --no-hardlinks . "$root/srv/heat-twin"
fi

inside() {
  env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 CI="${CI:-true}" \
    $(env | grep -E '^(PIP_|npm_config_|https?_proxy|no_proxy|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS)' | tr '\n' ' ') \
    chroot "$root" bash -c "cd /srv/heat-twin && $1"
}

for target in ${TARGETS:-test run}; do
  say "make $target"
  started=$SECONDS
  if [ "$target" = run ]; then inside "scripts/check_run.sh"; else inside "make $target"; fi || stop "make $target failed in the fresh Debian 12"
  say "make $target: done in $((SECONDS - started)) s"
done
