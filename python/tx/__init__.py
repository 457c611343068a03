"""tx compiles trained transformers to small, fast native programs.

    import tx

    model = tx.load("all-MiniLM-L6-v2")           # a Hugging Face folder
    program = model.compile("minilm.so", threads=2)
    program.encode(["tx turns models into programs."])["sentence_embedding"]

    tx.Program("minilm.so")(input_ids=[[101, 7592, 102], [101, 102]])

Running an artefact needs neither the compiler nor LLVM; both are imported when
`tx.load` is first called.
"""

from tx.errors import (
    CompilationError,
    Error,
    FileError,
    InputError,
    MismatchError,
    ModelFormatError,
    TargetMismatchError,
    UnsupportedError,
)
from tx.model import Model, load
from tx.program import Program

__all__ = [
    "CompilationError",
    "Error",
    "FileError",
    "InputError",
    "MismatchError",
    "Model",
    "ModelFormatError",
    "Program",
    "TargetMismatchError",
    "UnsupportedError",
    "load",
]
