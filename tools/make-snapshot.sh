#!/bin/sh
# Renew the advisories inside the package from a folder with the layout of OSV's bulk export.
# Only ecosystems that we match, and only those whose licence allows it: see NOTICE.
set -eu
from=${1:?usage: make snapshot FROM=DIR}
cd "$(dirname "$0")/.."
SEAWALL_HOME=$(mktemp -d); export SEAWALL_HOME
trap 'rm -rf "$SEAWALL_HOME"' EXIT
set --
for name in AlmaLinux Alpine Bitnami CRAN Debian Go Packagist PyPI RubyGems crates.io npm; do
  set -- "$@" --ecosystem "$name"
done
.venv/bin/seawall advisories import "$from" "$@"
# npm's and PHP's may be had from Retire.js, the Node.js group and FriendsOfPHP only: a part.
.venv/bin/seawall advisories export --snapshot src/seawall/advisories/snapshot.sqlite.zst \
  --partial npm --partial Packagist
