"""The package passes mypy, and the stubs say what the modules hold."""

import subprocess
import sys

from conftest import ROOT


def test_mypy_strict():
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", str(ROOT / "python" / "tx")],
        capture_output=True,
        text=True,
        cwd=ROOT / "python",
    )
    assert result.returncode == 0, result.stdout


def test_stubs():
    import tx._runtime

    stub = (ROOT / "python" / "tx" / "_runtime.pyi").read_text()
    for name in dir(tx._runtime.Artefact):
        if not name.startswith("_"):
            assert f"def {name}" in stub
