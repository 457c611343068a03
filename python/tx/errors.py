"""Exceptions of tx. `code` is the exit code that the command line would end with.

It is that of the class but for a CompilationError of code generation or linking, which
has 7, and an InputError of an argument that is none of its values, which has 2.
"""


class Error(Exception):
    """Something tx cannot do; the message says what and, often, what to do next."""

    code = 1


class FileError(Error, OSError):
    """A file cannot be read or written."""

    code = 3


class ModelFormatError(Error, ValueError):
    """A malformed checkpoint, config or artefact, or one of another version."""

    code = 4


class UnsupportedError(Error, NotImplementedError):
    """A model, op, dtype or CPU that tx does not support."""

    code = 5


class TargetMismatchError(UnsupportedError):
    """An artefact for another architecture, or with instructions that this CPU lacks."""


class CompilationError(Error):
    """A pass, code generation or linking failed."""

    code = 6


class MismatchError(Error):
    """The compiled program does not agree with the reference."""

    code = 9


class InputError(Error, ValueError):
    """Inputs or outputs that do not fit the model, or an argument that cannot be."""

    code = 10
