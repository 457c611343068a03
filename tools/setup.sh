#!/usr/bin/env bash
# Installs what tx is built with and builds it. Sourced by examples/quickstart.sh
# and test/run.sh, which say what they need:
#
#   tx_packages PACKAGE... Debian packages (root, or sudo), those named beside what
#                          the build needs; none when all are there
#   tx_python PACKAGE...   Python packages in .venv
#   tx_build TARGET...     build/ from the preset `release`
#
# Each step does nothing when its result is there already, so that a second run
# is quick and works offline.

tx_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

tx_debian="libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools clang-22 lld-22
  liblld-22-dev libclang-rt-22-dev libzstd-dev zlib1g-dev ninja-build cmake ccache
  libgtest-dev python3 python3-dev python3-venv libc6-dev libstdc++-12-dev"

# Artefacts for other architectures, and tests that run them.
tx_debian_cross="libc6-dev-arm64-cross libc6-dev-riscv64-cross gcc-aarch64-linux-gnu
  gcc-riscv64-linux-gnu qemu-user"

tx_say() { printf '== %s\n' "$*" >&2; }

tx_packages() {
  local missing=() package
  for package in $tx_debian "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  tx_say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || {
      echo "error: ${missing[*]} must be installed by root" >&2
      echo "help: run as root: apt-get install ${missing[*]}" >&2
      exit 1
    }
    as_root=(sudo)
  fi
  local log="$tx_root/build/apt.log"
  mkdir -p "$tx_root/build"
  { "${as_root[@]}" apt-get -q update &&
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get -qy install \
      --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    echo "error: the Debian packages could not be installed; see $log" >&2
    exit 1
  }
}

# Installs the named requirements that .venv does not have yet. A name that
# begins with `=` is installed without what it depends on.
tx_python() {
  local venv="$tx_root/.venv" wanted log="$tx_root/build/pip.log"
  mkdir -p "$tx_root/build"
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
  for wanted in "$@"; do
    local stamp="$venv/.installed-${wanted//[^A-Za-z0-9.]/_}" options=(-q)
    [ -e "$stamp" ] && continue
    [ "${wanted#=}" != "$wanted" ] && options+=(--no-deps)
    tx_say "installing ${wanted#=} into .venv"
    "$venv/bin/python" -m pip install "${options[@]}" "${wanted#=}" >"$log" 2>&1 || {
      tail -n 20 "$log" >&2
      echo "error: ${wanted#=} could not be installed; see $log" >&2
      exit 1
    }
    touch "$stamp"
  done
}

tx_build() {
  local log="$tx_root/build/configure.log"
  mkdir -p "$tx_root/build"
  (cd "$tx_root" && cmake --preset release \
    -DPython_EXECUTABLE="$tx_root/.venv/bin/python") >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    echo "error: cmake failed; see $log" >&2
    exit 1
  }
  cmake --build "$tx_root/build" --target "$@" >&2
}
