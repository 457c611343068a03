"""Reads x86, AArch64 or RISC-V assembly of one function and lists its innermost loops.

    txc compile MODEL --emit=asm -o - | python inner_loops.py FUNCTION

prints a line per loop that multiplies and adds: the multiply-adds of a step and
how many vector registers it keeps on the stack.
"""

import re
import sys

# Conditional and other jumps, multiply-adds, vectors in memory at the stack pointer.
JUMP = r"\s+(?:j|b|cb|tb)[\w.]*\s+(?:\w+, )*(\.LBB\w+)"
MULTIPLY_ADD = r"\s(vfmadd|vdpbf16ps|fmla|vfmacc)"
STACK = r"%[yz]mm.*\(%rsp|\(%rsp.*%[yz]mm|\bq\d+, .*\[sp|\bv[ls]\d+r\d*\."


def function_lines(text: str, name: str) -> list[str]:
    start = re.search(rf'^"?{re.escape(name)}"?:', text, re.MULTILINE)
    if not start:
        sys.exit(f"error: there is no function {name}")
    end = text.index(".Lfunc_end", start.end())
    return text[start.end() : end].splitlines()


def innermost_loops(lines: list[str]) -> list[list[str]]:
    """Runs of lines from a label to a jump back to it, without another label that is jumped back to."""
    labels = {m.group(1): i for i, line in enumerate(lines) if (m := re.match(r"(\.LBB\w+):", line))}
    loops = []
    for i, line in enumerate(lines):
        jump = re.match(JUMP, line)
        if jump and labels.get(jump.group(1), i) < i:
            loops.append((labels[jump.group(1)], i))
    return [
        lines[first:last]
        for first, last in loops
        if not any(other != (first, last) and first <= other[0] and other[1] <= last for other in loops)
    ]


def main() -> None:
    for loop in innermost_loops(function_lines(sys.stdin.read(), sys.argv[1])):
        fmas = sum(bool(re.match(MULTIPLY_ADD, line)) for line in loop)
        spills = sum(bool(re.search(STACK, line)) for line in loop)
        if fmas:
            print(f"loop: {fmas} multiply-adds, {spills} vectors on the stack")


if __name__ == "__main__":
    main()
