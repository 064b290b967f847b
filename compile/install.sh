#!/bin/sh
# Installs the sig executable of this system, after its SHA-256 sum has been checked:
#
#   SIG_RELEASE=https://… sh install.sh [folder]
#
# SIG_RELEASE is the address of a release: a folder with the executables and SHA256SUMS. The
# default folder is ~/.local/bin. Nothing is installed unless the sum is right.
set -eu

fail() {
  echo "install: error: $1" >&2
  exit 1
}

release=${SIG_RELEASE:-}
folder=${1:-$HOME/.local/bin}
[ -n "$release" ] || fail 'set SIG_RELEASE to the address of a release'
case $release in
  https://*) protocols='=https' ;;
  http://127.0.0.1[:/]* | http://localhost[:/]*) protocols='=http' ;;
  *) fail 'SIG_RELEASE must begin with https://' ;;
esac

case $(uname -s) in
  Linux) system=linux ;;
  Darwin) system=darwin ;;
  *) fail "no executable for $(uname -s); on Windows download sig-windows-x64.exe" ;;
esac
case $(uname -m) in
  x86_64 | amd64) machine=x64 ;;
  aarch64 | arm64) machine=arm64 ;;
  *) fail "no executable for $(uname -m)" ;;
esac
libc=
if [ "$system" = linux ] && (ldd --version 2>&1 || true) | grep -qi musl; then libc=-musl; fi
name=sig-$system-$machine$libc

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
for file in "$name" SHA256SUMS; do
  curl --fail --silent --show-error --location --proto "$protocols" --proto-redir "$protocols" \
    --output "$work/$file" "$release/$file" || fail "cannot download $file"
done

wanted=$(awk -v name="$name" '$2 == name { print $1 }' "$work/SHA256SUMS")
[ "${#wanted}" -eq 64 ] || fail "SHA256SUMS has no line for $name"
if command -v sha256sum >/dev/null; then found=$(sha256sum "$work/$name"); else found=$(shasum -a 256 "$work/$name"); fi
[ "${found%% *}" = "$wanted" ] || fail "the sum of $name is wrong; nothing was installed"

mkdir -p "$folder"
chmod 755 "$work/$name"
# First beside its place, so that no half of a file is ever at it.
cp -p "$work/$name" "$folder/.sig.new"
mv -f "$folder/.sig.new" "$folder/sig"
echo "install: $folder/sig" >&2
case :$PATH: in *":$folder:"*) ;; *) echo "install: add $folder to PATH" >&2 ;; esac
