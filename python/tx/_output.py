"""Files that take the place of others when they are whole."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(output: Path) -> Iterator[Path]:
    """A new, empty file to write, which takes the place of `output`, or of what that links
    to, at the end; not if there is an exception. Raises OSError where it could not: what is
    no regular file and what may not be written stays."""
    target = output.resolve()
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if target.exists():
        if not target.is_file():
            raise OSError(errno.EINVAL, "it is no regular file")
        if not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    partial.touch()
    try:
        yield partial
        partial.rename(target)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
