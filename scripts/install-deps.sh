#!/usr/bin/env bash
# Installs what certana needs beyond Go: Debian packages by apt, and the ONNX
# runtime (for watermark track C) out of its pinned npm tarball. Says what and
# why before it does anything, does nothing that is already done, and never
# fails for the ONNX runtime's sake: without it track C reports itself
# unavailable and everything else works.
set -euo pipefail
cd "$(dirname "$0")/.."

# package | a file (or glob) that shows it is there | why
packages='
gcc|/usr/bin/gcc|cgo compiles the thin bindings to the codec libraries
pkg-config|/usr/bin/pkg-config|tells cgo where the codec libraries lie
libc6-dev|/usr/include/stdlib.h|C headers for cgo
libjpeg62-turbo-dev|/usr/include/jpeglib.h|reads and writes JPEG
libturbojpeg0-dev|/usr/include/turbojpeg.h|JPEG as other programs write it, for the robustness tests
libpng-dev|/usr/include/png.h|reads and writes PNG
libtiff-dev|/usr/include/*/tiffio.h|reads TIFF
libwebp-dev|/usr/include/webp/encode.h|reads and writes WebP
libimage-exiftool-perl|/usr/bin/exiftool|the oracle of the metadata tests
ca-certificates|/etc/ssl/certs/ca-certificates.crt|TLS towards outside services
'

onnx_version=1.30.0
onnx_sha256=6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75
onnx_dir=.tools/onnxruntime

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else
    echo "deps: this needs root: $*" >&2
    return 1
  fi
}

apt_updated=
apt_install() {
  if ! command -v apt-get >/dev/null; then
    echo "deps: no apt-get here; install by hand: $*" >&2
    return 1
  fi
  if [ -z "$apt_updated" ]; then
    as_root apt-get update -qq || true
    apt_updated=1
  fi
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

install_packages() {
  local missing=() name file why
  while IFS='|' read -r name file why; do
    [ -n "$name" ] || continue
    if ! compgen -G "$file" >/dev/null; then
      echo "deps: will install $name: $why"
      missing+=("$name")
    fi
  done <<<"$packages"
  if [ ${#missing[@]} -gt 0 ]; then
    apt_install "${missing[@]}"
  fi
}

# The tarball carries the prebuilt shared library for both architectures; it is
# unpacked without npm's install step, which would fetch more.
install_onnx() {
  local arch lib tmp
  case "$(uname -m)" in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) echo "deps: no ONNX runtime for $(uname -m); track C will be unavailable"; return 0 ;;
  esac
  lib=$onnx_dir/libonnxruntime.so.1
  if [ -e "$lib" ] && [ "$(cat "$onnx_dir/VERSION" 2>/dev/null)" = "$onnx_version $arch" ]; then
    return 0
  fi
  if ! command -v npm >/dev/null; then
    echo "deps: will install npm: it fetches the ONNX runtime's tarball"
    apt_install npm || return 1
  fi
  echo "deps: will fetch onnxruntime-node@$onnx_version (108 MiB): the runtime of watermark track C"
  tmp=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$tmp'" RETURN
  (cd "$tmp" && npm pack "onnxruntime-node@$onnx_version" --silent >/dev/null) || return 1
  echo "$onnx_sha256  $tmp/onnxruntime-node-$onnx_version.tgz" | sha256sum --check --quiet || return 1
  mkdir -p "$onnx_dir"
  tar xzf "$tmp/onnxruntime-node-$onnx_version.tgz" -C "$tmp" \
    "package/bin/napi-v6/linux/$arch/libonnxruntime.so.1" || return 1
  mv "$tmp/package/bin/napi-v6/linux/$arch/libonnxruntime.so.1" "$lib"
  echo "$onnx_version $arch" >"$onnx_dir/VERSION"
}

if ! command -v go >/dev/null; then
  echo "deps: Go is needed (see the go line of go.mod for the version) and not on PATH" >&2
  exit 1
fi
install_packages
if ! install_onnx; then
  echo "deps: the ONNX runtime could not be fetched; watermark track C will be unavailable, everything else works"
fi
