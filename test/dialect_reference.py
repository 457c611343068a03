"""The pages and tests of the tx dialect agree with its .td files.

- docs/dialect-ops.md is what mlir-tblgen writes (--update writes it);
- the layer in docs/dialect.md is that of test/Dialect/Tx/bert-layer.mlir;
- each constraint has a label, a check beside it in lib and a test named after it.

    dialect_reference.py BUILD [--update]
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLES = ROOT / "include/tx/Dialect/Tx/IR"
TESTS = ROOT / "test/Dialect/Tx"
LABEL = r"[a-z_]+_c\d+"


def cache_entry(build, name):
    text = (build / "CMakeCache.txt").read_text()
    return re.search(rf"^{name}(?:-\w+)?:\w+=(.+)$", text, re.M).group(1)


def generate(build):
    llvm = Path(cache_entry(build, "MLIR_DIR")).parents[2]
    command = [llvm / "bin/mlir-tblgen", "-gen-dialect-doc", "-dialect=tx"]
    command += ["-I", ROOT / "include", "-I", llvm / "include", TABLES / "TxOps.td"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    text = text.replace("[TOC]\n\n", "")
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def labels_in(files, pattern):
    return {label for file in files for label in re.findall(pattern, file.read_text())}


def check_labels():
    declared = labels_in(TABLES.glob("*.td"), rf"\(({LABEL})\)")
    checked = labels_in((ROOT / "lib/Dialect/Tx/IR").glob("*.cpp"), rf"// ({LABEL})\b")
    tested = labels_in(TESTS.glob("*-invalid.mlir"), rf"@({LABEL})(?=__|\b)")
    for other, where in ((checked, "check in lib"), (tested, "test")):
        for label in sorted(declared - other):
            yield f"constraint {label} has no {where}"
        for label in sorted(other - declared):
            yield f"{where} of {label}, which no op declares"


def check_layer():
    lines = (TESTS / "bert-layer.mlir").read_text().splitlines()
    layer = "\n".join(line for line in lines if line and not line.lstrip().startswith("//"))
    if layer not in (ROOT / "docs/dialect.md").read_text():
        yield "the layer in docs/dialect.md differs from test/Dialect/Tx/bert-layer.mlir"


def main():
    page = ROOT / "docs/dialect-ops.md"
    text = generate(Path(sys.argv[1]))
    if "--update" in sys.argv:
        page.write_text(text)
    errors = [*check_labels(), *check_layer()]
    if not page.exists() or page.read_text() != text:
        errors.append(f"docs/dialect-ops.md is out of date: python3 {__file__} BUILD --update")
    print("\n".join(errors) or "the dialect's pages and tests agree with its declarations")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
