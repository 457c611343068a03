"""One engine in a process of its own."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from tx.bench.engines import ENGINES, Hidden
from tx.bench.suite import Batch, Shape


class EngineError(Exception):
    """An engine could not do its work; the text says which and why."""


def _time_runs(engine: Any, seconds: float) -> float:
    """Seconds of one run, the mean of as many as fill `seconds`."""
    begin = time.perf_counter()
    runs = 0
    while True:
        engine.run()
        runs += 1
        elapsed = time.perf_counter() - begin
        if elapsed > seconds:
            return elapsed / runs


def _die_with_parent() -> None:
    """A process that is stopped does not see that nobody will ask it again."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is None or os.getppid() != parent.pid:  # it has died already
        os._exit(1)


def _serve(pipe: Connection, name: str, cpus: list[int], arguments: tuple[Any, ...]) -> None:
    """Answers ("prepare", batch), ("hidden",) and ("time", seconds) until None comes."""
    _die_with_parent()
    os.sched_setaffinity(0, cpus)
    os.environ["OMP_NUM_THREADS"] = str(len(cpus))
    silence = os.open(os.devnull, os.O_WRONLY)  # engines' own words; errors go through the pipe
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    try:
        folder, shape, precision = arguments
        engine: Any = ENGINES[name](folder, shape, len(cpus), precision)  # type: ignore[call-arg]
        pipe.send(("done", None))
        while (message := pipe.recv()) is not None:
            verb, *values = message
            if verb == "time":
                pipe.send(("done", _time_runs(engine, *values)))
            else:
                pipe.send(("done", getattr(engine, verb)(*values)))
    except Exception as error:  # whatever an engine raises is the answer
        reason = str(error).splitlines()[0][:200] if str(error) else "no reason given"
        pipe.send(("failed", f"{type(error).__name__}: {reason}"))


class Worker:
    """Starts the process of an engine and talks with it; stopped while it waits."""

    def __init__(
        self, name: str, folder: Path, shape: Shape, threads: int, precision: str
    ) -> None:
        self.name = name
        available = sorted(os.sched_getaffinity(0))
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, name, available[:threads], (folder, shape, precision))
        )
        self._process.daemon = True
        self._process.start()
        theirs.close()
        self._answer()
        self._signal(signal.SIGSTOP)

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._signal(signal.SIGCONT)
            self._pipe.send(None)
            self._process.join(timeout=5)
        except (EngineError, OSError):  # it has ended already
            pass
        self._process.kill()
        self._process.join()

    def prepare(self, batch: Batch) -> None:
        self._ask("prepare", batch)

    def hidden(self) -> Hidden:
        result: Hidden = self._ask("hidden")
        return result

    def time(self, seconds: float) -> float:
        """Seconds of one run, the mean over about `seconds`."""
        return float(self._ask("time", seconds))

    def _signal(self, number: signal.Signals) -> None:
        pid = self._process.pid
        if pid is None or self._process.exitcode is not None:  # its number may be another's by now
            raise self._death()
        os.kill(pid, number)

    def _ask(self, *message: Any) -> Any:
        self._signal(signal.SIGCONT)
        try:
            self._pipe.send(message)
        except OSError:
            raise self._death() from None
        answer = self._answer()
        self._signal(signal.SIGSTOP)
        return answer

    def _answer(self) -> Any:
        try:
            verdict, value = self._pipe.recv()
        except (EOFError, OSError):
            raise self._death() from None
        if verdict == "failed":
            raise EngineError(f"{self.name}: {value}")
        return value

    def _death(self) -> EngineError:
        """What to say of a process that has ended: the system kills those that ask for too
        much memory."""
        self._process.join(timeout=5)
        code = self._process.exitcode
        if code is None or code >= 0:
            return EngineError(f"{self.name} ended without an answer")
        return EngineError(f"{self.name} was killed by signal {-code}")
