#!/usr/bin/env bash
# Make an image that the benchmarks scan: Debian 12 with Debian, Python and npm packages, 5 layers.
#
#   bench/make-image.sh base|web|mixed OUT.tar     needs root, debootstrap, a Docker daemon, pip, npm
#
# base:  nothing but Debian
# web:   a Python and Node.js application, many small files, 1 GB
# mixed: the same with compilers, a Java runtime and numerical libraries, fewer files a byte, 2 GB
#
# shellcheck disable=SC2086
# Every package version is pinned where its registry keeps old versions (PyPI, npm); Debian's are
# those of the day. Nothing is pulled: the base comes from debootstrap. The Python and npm
# packages are installed on the host and copied, so that a container needs only apt's network.
set -euo pipefail
kind=${1:?usage: bench/make-image.sh base|web|mixed OUT.tar}
out=$(realpath -m "${2:?usage: bench/make-image.sh base|web|mixed OUT.tar}")
case $kind in
  base) debian= python= node= ;;
  web) debian= python= node="gatsby@5.7.0 @angular/cli@15.2.0 @storybook/react@6.5.16 aws-sdk@2.1320.0 googleapis@112.0.0 react-scripts@5.0.1" ;;
  mixed)
    debian="default-jre-headless git build-essential nginx"
    python="numpy==1.24.2 pandas==1.5.3 scipy==1.10.1 scikit-learn==1.2.2 matplotlib==3.7.1"
    node= ;;
  *) echo "base, web or mixed" >&2; exit 2 ;;
esac
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

debootstrap --variant=minbase bookworm "$work/root" >&2
rm -rf "$work/root/var/cache/apt/archives"/*.deb
tar -C "$work/root" -c . | docker import -c 'CMD ["bash"]' - seawall-bench/base >&2
if [ "$kind" = base ]; then docker save seawall-bench/base -o "$out"; exit; fi

# Wheels for the interpreter of Debian 12, whatever runs here.
python3 -m pip install -q --target "$work/context/python" --python-version 3.11 --only-binary=:all: \
  django==4.2.1 flask==2.2.2 jinja2==3.1.2 requests==2.28.1 urllib3==1.26.12 cryptography==39.0.1 \
  pyyaml==6.0 lxml==4.9.2 pillow==9.4.0 aiohttp==3.8.4 sqlalchemy==2.0.4 celery==5.2.7 \
  gunicorn==20.1.0 paramiko==3.0.0 fastapi==0.92.0 $python >&2
mkdir -p "$work/context/app"
echo '{"name":"bench-app","version":"1.0.0","private":true}' >"$work/context/app/package.json"
(cd "$work/context/app" && npm install --silent --ignore-scripts --legacy-peer-deps --no-audit --no-fund \
  express@4.17.1 lodash@4.17.20 webpack@5.75.0 react@18.2.0 react-dom@18.2.0 axios@0.21.1 \
  jest@29.4.3 eslint@8.34.0 typescript@4.9.5 next@13.1.6 @babel/core@7.20.12 @babel/preset-env@7.20.2 $node) >&2

cat >"$work/context/Dockerfile" <<DOCKERFILE
FROM seawall-bench/base
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-pip nodejs ca-certificates && apt-get clean
RUN apt-get update && apt-get install -y --no-install-recommends npm $debian python3-django python3-requests python3-yaml && apt-get clean
COPY python /usr/local/lib/python3.11/dist-packages
COPY app /app
DOCKERFILE
docker build --network host -q -t seawall-bench/$kind "$work/context" >&2
docker save seawall-bench/$kind -o "$out"
ls -l "$out" >&2
