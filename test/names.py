"""One name for a pass: FuseAttention in Passes.td is lib/.../FuseAttention.cpp (a
conversion: TxToLinalg.cpp), the flag tx-fuse-attention (convert-tx-to-linalg), and
a test of that name or tests that run that flag, in the mirrored folder."""

import re
import sys
from pathlib import Path


def kebab(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def is_tested(root, folder, name, flag):
    if (root / "test/Unit" / folder.split("/")[0] / f"{name}Test.cpp").exists():
        return True
    plain = flag.removeprefix("tx-")
    for test in (root / "test" / folder).rglob("*.mlir"):
        if test.stem == plain:
            return True
        runs = [line for line in test.read_text().splitlines() if "RUN:" in line]
        if any(re.search(rf"[-(,]{flag}\b", line) for line in runs):
            return True
    return False


def check(root, td):
    folder = td.parent.relative_to(root / "include/tx").as_posix()
    for name, flag in re.findall(r'^def (\w+)\s*: Pass<"([^"]+)"', td.read_text(), re.M):
        expected = kebab(name) if folder == "Conversion" else f"tx-{kebab(name)}"
        if flag != expected:
            yield f"{name} has the flag {flag}, expected {expected}"
        file = name.removeprefix("Convert") if folder == "Conversion" else name
        if not list((root / "lib" / folder).rglob(f"{file}.cpp")):
            yield f"{name} has no {file}.cpp in lib/{folder}"
        if not is_tested(root, folder, name, flag):
            yield f"{name} has no test in test/{folder} named after it or running --{flag}"


def main():
    root = Path(sys.argv[1])
    tables = sorted((root / "include/tx").rglob("Passes.td"))
    errors = [error for td in tables for error in check(root, td)]
    print("\n".join(errors) or "names of passes, files, flags and tests agree")
    return bool(errors) or not tables


if __name__ == "__main__":
    sys.exit(main())
