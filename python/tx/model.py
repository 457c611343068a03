"""Models: what `load` reads and `Model.compile` turns into programs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tx.program import Program


def load(path: str | os.PathLike[str], *, head: str = "auto") -> Model:
    """Reads a Hugging Face model folder, or a module in a .mlir or .mlirbc file.

    Arguments:
      head: which outputs the model has: "encoder", "sentence-embedding",
        "sequence-classification", "token-classification", "question-answering",
        "masked-lm", or "auto" for what the folder says.

    Raises FileError, ModelFormatError, UnsupportedError.
    """
    from tx import _compiler

    return Model(_compiler.load(os.fspath(path), head), Path(path))


class Model:
    """A model as IR, before code is made for a CPU."""

    def __init__(self, handle: Any, path: Path) -> None:
        self._handle = handle
        self.path = path

    def __repr__(self) -> str:
        return f"tx.Model({str(self.path)!r})"

    def __str__(self) -> str:
        """The module as MLIR text."""
        text: str = self._handle.text()
        return text

    def inspect(self) -> dict[str, Any]:
        """Family, head, sizes, entries and parameters of the model."""
        result: dict[str, Any] = json.loads(self._handle.inspect())
        return result

    def compile(
        self,
        output: str | os.PathLike[str],
        *,
        cpu: str | None = None,
        cpu_variants: str | Sequence[str] = (),
        precision: str = "f32",
        threads: int = 1,
        verify: bool = False,
        tuning: str | os.PathLike[str] | None = None,
    ) -> Program:
        """Compiles to a shared object at `output` and opens it.

        Arguments:
          cpu: the CPU to make code for, by LLVM's name; "native" is this one. None
            keeps the target that the module was given already, else means "native".
          cpu_variants: in place of `cpu`, CPUs of different instruction sets,
            ["x86-64-v3", "x86-64-v4"] or "x86-64-v3,x86-64-v4" say, or "all": the
            program has code for each and runs the best that its machine can.
          precision: what linear layers multiply: "f32", as trained, or "bf16", with
            sums in f32: half the weights, and less time where the CPU has AMX.
            AVX512_BF16 was no gain on the CPU that docs/benchmarks.md measures.
          threads: threads of a call, 1 to 1024, unless the user of the program says
            otherwise.
          verify: compare the program with the reference before it is written.
          tuning: a tuning file of `txc tune`, whose schedules come first. It
            changes how fast a program is, not what it computes.

        Raises FileError, ModelFormatError, UnsupportedError, CompilationError,
        MismatchError, InputError.
        """
        file = "" if tuning is None else os.fspath(tuning)
        if isinstance(cpu_variants, str):
            cpu_variants = cpu_variants.split(",") if cpu_variants else ()
        self._handle.compile(
            os.fspath(output), cpu or "", list(cpu_variants), precision, threads, verify, file
        )
        tokenizer = self.path / "tokenizer.json"
        return Program(output, tokenizer=tokenizer if tokenizer.is_file() else None)
