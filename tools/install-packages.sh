#!/bin/sh
# Install the Debian packages of debian-packages.txt that are missing. Needs root or sudo, and only
# where something is missing; without either the tests that need them are skipped and say so.
set -eu
list=$(dirname "$0")/debian-packages.txt
command -v dpkg-query >/dev/null || { echo "not a Debian system: tests that need its packages are skipped" >&2; exit 0; }
missing=
for package in $(sed 's/#.*//' "$list"); do
  dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ]; then run=; elif command -v sudo >/dev/null; then run=sudo; else
  echo "neither root nor sudo: without$missing some tests are skipped" >&2; exit 0
fi
echo "installing$missing" >&2
# A package that starts a daemon must not do so here: the tests start their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | $run tee $policy >/dev/null; $run chmod +x $policy
  trap '$run rm -f $policy' EXIT
fi
$run apt-get update -qq
# shellcheck disable=SC2086 - a list of words
$run env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
