"""Includes point up the list of folders in docs/architecture.md, never down."""

import re
import sys
from pathlib import Path

ORDER = [
    "Target", "Checkpoint", "Dialect", "Reference", "Analysis", "Import",
    "Transforms/Normalize", "Transforms/Fuse", "Transforms/Schedule", "Conversion",
    "Runtime", "Codegen", "Pipelines", "Driver",
]  # fmt: skip
ISOLATED = {"Runtime": {"Runtime", "Target"}}


def folder_of(path):
    return next((f for f in ORDER if path == f or path.startswith(f + "/")), None)


def main():
    root = Path(sys.argv[1])
    errors = []
    for base in (root / "include/tx", root / "lib"):
        for file in sorted(p for p in base.rglob("*") if p.suffix in {".h", ".cpp", ".c", ".td"}):
            own = folder_of(file.relative_to(base).as_posix())
            for target in re.findall(r'include "tx/([^"]+)"', file.read_text()):
                other = folder_of(target)
                if own is None or other is None:
                    continue
                allowed = ISOLATED.get(own, set(ORDER[: ORDER.index(own) + 1]))
                stage = own.startswith("Transforms/") and other.startswith("Transforms/")
                if other not in allowed or (stage and own != other):
                    errors.append(f"{file.relative_to(root)} includes tx/{target}")
    print("\n".join(errors) or "include graph is in order")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
