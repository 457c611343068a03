"""Compiled programs: shared objects that `Model.compile` or `txc compile` made."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tx import _runtime
from tx.errors import FileError, InputError, ModelFormatError

Outputs = dict[str, Any]

_INT32 = np.iinfo(np.int32)


def _to_int32(name: str, values: ArrayLike) -> NDArray[np.int32]:
    """`values` as a dense, aligned int32 array; the same one if it is that already."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise InputError(f"{name} is neither a rectangle nor a list of sequences") from None
    if array.size > _INT32.max:  # the model refuses as many, but would first be given a copy
        raise InputError(f"{name} has {array.size} elements, expected at most {_INT32.max}")
    if array.dtype == np.int32:
        return np.require(array, requirements=("C", "A"))
    if array.size == 0 and array.dtype == np.float64:  # np.asarray([]) and the like
        return array.astype(np.int32)
    if array.dtype != np.bool_ and not np.issubdtype(array.dtype, np.integer):
        raise InputError(f"{name} has dtype {array.dtype}, expected integers")
    if array.size and (array.min() < _INT32.min or array.max() > _INT32.max):
        raise InputError(f"{name} holds numbers that do not fit int32")
    return np.ascontiguousarray(array, dtype=np.int32)


def _make_array(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Where there is no memory for it, one without elements: the model looks at inputs
    first, and says what is wrong with a batch of that size."""
    try:
        return np.empty(shape, dtype)
    except (MemoryError, ValueError):
        return np.empty(0, dtype)


def _to_rows(name: str, values: Any) -> list[NDArray[np.int32]]:
    """`values` as a row of int32 for each sequence."""
    if not isinstance(values, (list, tuple, np.ndarray)):
        raise InputError(f"{name} is a {type(values).__name__}, expected a list of sequences")
    rows = [_to_int32(name, row) for row in values]
    for row in rows:
        if row.ndim != 1:
            raise InputError(f"a sequence of {name} has {row.ndim} dimensions, expected 1")
    return rows


def _is_ragged(values: Any) -> bool:
    """Whether `values` is a list of sequences of token ids rather than an array."""
    return (
        isinstance(values, (list, tuple))
        and len(values) > 0
        and all(isinstance(v, (list, tuple)) or getattr(v, "ndim", 0) == 1 for v in values)
    )


class Program:
    """A compiled model.

    Arguments:
      path: the shared object.
      threads: worker threads of a call, the caller's included; None uses what
        the program was compiled for.
      tokenizer: a tokenizer.json or a folder with one, for `encode`; by default
        the one beside `path`, if any.
      prefix: the symbol prefix the program was compiled with.
      weights: "map" shares the weights with the page cache and other processes,
        "copy" reads them into memory of this process, in huge pages where the
        system has them, which makes a call of few tokens a few percent faster.
      affinity: where worker threads run: "none", where the system puts them, or
        "spread", each on a CPU of its own, for a program that has its CPUs to
        itself. The caller's thread is left alone.

    Calls from several threads run side by side; the interpreter lock is not
    held while the model runs.

    Raises FileError, ModelFormatError, TargetMismatchError (for another
    architecture, and on the first call if this CPU lacks instructions), InputError.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        threads: int | None = None,
        tokenizer: str | os.PathLike[str] | None = None,
        prefix: str = "tx_model",
        weights: str = "map",
        affinity: str = "none",
    ) -> None:
        self.path = Path(path).resolve()
        self._artefact = _runtime.Artefact(str(self.path), prefix, threads or 0, weights, affinity)
        self._entries = {e["name"]: (i, e) for i, e in enumerate(self._artefact.entries)}
        self._size = self.path.stat().st_size  # the file may go
        self._tokenizer_path = self._find_tokenizer(tokenizer)
        self._tokenizer: Any = None

    def __repr__(self) -> str:
        names = ", ".join(o["name"] for o in self._any_entry()["outputs"])
        size = self._size / 1e6
        return f"tx.Program({self.path.name!r}, {self._artefact.isa}, out: {names}, {size:.1f} MB)"

    @property
    def metadata(self) -> dict[str, Any]:
        """What the artefact says of itself: model, target, entries, kernels."""
        result: dict[str, Any] = json.loads(self._artefact.metadata)
        return result

    @property
    def labels(self) -> list[str]:
        """Names of the classes of a classifier, in the order of its logits."""
        return list(self.metadata.get("model", {}).get("labels", []))

    @property
    def max_length(self) -> int:
        """Tokens of the longest sequence the model takes."""
        return int(self._any_entry()["max_length"])

    def __call__(
        self,
        input_ids: Any,
        attention_mask: ArrayLike | None = None,
        token_type_ids: Any = None,
        *,
        offsets: ArrayLike | None = None,
        out: Mapping[str, NDArray[np.float32] | NDArray[np.int32]] | None = None,
    ) -> Outputs:
        """Runs the model; returns its outputs by name.

        `input_ids` is one of
        - a padded array (B, S), with an optional `attention_mask` (B, S) of bools
          or integers; outputs a token are (B, S, ...), zero where masked;
        - a list of B sequences of any lengths; outputs a token are lists of B
          arrays;
        - a packed array (T,) with `offsets` (B + 1,), the first token of each
          sequence and T at the end; outputs a token are (T, ...). Contiguous int32
          arrays are passed as they are.

        `token_type_ids` has the form of `input_ids`; zeros by default. `out` holds
        arrays to write outputs into, float32 or int32 as the outputs are; they are not
        copied, and share memory neither with each other nor with inputs.
        """
        if offsets is not None:
            if attention_mask is not None:
                raise InputError("attention_mask goes with padded input, not with offsets")
            types = None if token_type_ids is None else _to_int32("token_type_ids", token_type_ids)
            return self._run_packed(
                _to_int32("input_ids", input_ids), types, _to_int32("offsets", offsets), out
            )
        if _is_ragged(input_ids) and attention_mask is None:
            return self._run_ragged(input_ids, token_type_ids, out)
        return self._run_padded(input_ids, attention_mask, token_type_ids, out)

    def encode(self, texts: str | Sequence[str]) -> Outputs:
        """Tokenizes texts and runs them as one ragged batch.

        Texts are cut at the model's `max_seq_length` (else the limit in
        tokenizer.json) and at its position table. Needs the tokenizers package
        and a tokenizer.json.
        """
        if isinstance(texts, str):
            texts = [texts]
        encodings = self._load_tokenizer().encode_batch(list(texts))
        types = [np.asarray(e.type_ids, dtype=np.int32) for e in encodings]
        return self(
            [np.asarray(e.ids, dtype=np.int32) for e in encodings],
            token_type_ids=types if self._takes_types() else None,
        )

    def _takes_types(self) -> bool:
        inputs = self._entry("packed")[1]["inputs"]
        return any(tensor["name"] == "token_type_ids" for tensor in inputs)

    def _any_entry(self) -> dict[str, Any]:
        """An entry, for what all agree on."""
        _, info = next(iter(self._entries.values()))
        return info

    def _entry(self, name: str) -> tuple[int, dict[str, Any]]:
        if name not in self._entries:
            raise InputError(f"the program has no entry {name!r}")
        return self._entries[name]

    def _run_ragged(self, input_ids: Any, token_type_ids: Any, out: Any) -> Outputs:
        sequences = _to_rows("input_ids", input_ids)
        lengths = np.array([len(s) for s in sequences], dtype=np.int64)
        if lengths.sum() > _INT32.max:
            raise InputError("the batch has too many tokens")
        offsets = np.zeros(len(sequences) + 1, dtype=np.int32)
        np.cumsum(lengths, out=offsets[1:])
        types = None
        if token_type_ids is not None:
            rows = _to_rows("token_type_ids", token_type_ids)
            if [len(r) for r in rows] != lengths.tolist():
                raise InputError("token_type_ids does not have the form of input_ids")
            types = np.concatenate(rows)
        outputs = self._run_packed(np.concatenate(sequences), types, offsets, out)
        tensors = self._entry("packed")[1]["outputs"]
        per_token = {t["name"] for t in tensors if t["shape"][0] == _runtime.DIM_TOKENS}
        return {
            name: np.split(value, offsets[1:-1]) if name in per_token else value
            for name, value in outputs.items()
        }

    def _run_packed(self, ids: Any, types: Any, offsets: Any, out: Any) -> Outputs:
        given = {"input_ids": ids, "token_type_ids": types, "offsets": offsets}
        sequences = max(offsets.size - 1, 0)
        sizes = {
            _runtime.DIM_TOKENS: ids.size,
            _runtime.DIM_SEQUENCES: sequences,
            _runtime.DIM_SEQUENCES_PLUS: sequences + 1,
        }
        # The runtime refuses longer sequences before it looks for room.
        room = min(ids.size, sequences * self.max_length)
        return self._run("packed", given, sizes, room, out)

    def _run_padded(self, input_ids: Any, mask: Any, types: Any, out: Any) -> Outputs:
        ids = _to_int32("input_ids", input_ids)
        if ids.ndim != 2:
            raise InputError(
                f"input_ids has {ids.ndim} dimensions; expected (B, S), a list of "
                "sequences, or (T,) with offsets"
            )
        given: dict[str, Any] = {"input_ids": ids}
        for name, values in (("attention_mask", mask), ("token_type_ids", types)):
            if values is None:
                continue
            array = _to_int32(name, values)
            if array.shape != ids.shape:
                raise InputError(f"{name} has shape {array.shape}, but input_ids {ids.shape}")
            given[name] = array
        # The runtime says so as well, but would first be given memory for it.
        limit = self.max_length
        if ids.shape[1] > limit and (mask is None or given["attention_mask"][:, limit:].any()):
            raise InputError(
                f"a sequence reaches beyond column {limit - 1}, the model takes at most "
                f"{limit} tokens; truncate it"
            )
        sizes = {
            _runtime.DIM_TOKENS: ids.size,
            _runtime.DIM_SEQUENCES: ids.shape[0],
            _runtime.DIM_SEQUENCES_PLUS: ids.shape[0] + 1,
            _runtime.DIM_LENGTH: ids.shape[1],
        }
        return self._run("padded", given, sizes, ids.size, out)

    def _run(
        self, entry: str, given: dict[str, Any], sizes: dict[int, int], room: int, out: Any
    ) -> Outputs:
        """Runs `entry` in a context with room for `room` tokens."""
        index, info = self._entry(entry)
        names = [t["name"] for t in info["inputs"]]
        for name, value in given.items():
            if value is not None and name not in names:
                raise InputError(f"the model takes no {name}")
        if out is not None and not isinstance(out, Mapping):
            raise InputError(f"out is a {type(out).__name__}, expected arrays by name")
        outputs = self._make_outputs(info["outputs"], sizes, dict(out or {}))
        self._artefact.run(
            index,
            [given.get(name) for name in names],
            list(outputs.values()),
            room,
            sizes[_runtime.DIM_SEQUENCES],
        )
        return outputs

    @staticmethod
    def _make_outputs(infos: Any, sizes: dict[int, int], out: dict[str, Any]) -> Outputs:
        outputs: Outputs = {}
        for info in infos:
            shape = tuple(sizes.get(d, d) for d in info["shape"])
            dtype = np.dtype(info["dtype"])
            array = out.pop(info["name"], None)
            if array is None:
                array = _make_array(shape, dtype)
            elif not isinstance(array, np.ndarray):
                raise InputError(
                    f"out[{info['name']!r}] is a {type(array).__name__}, expected an array"
                )
            elif array.shape != shape or array.dtype != dtype:
                raise InputError(
                    f"out[{info['name']!r}] is {array.dtype} {array.shape}, "
                    f"expected {dtype} {shape}"
                )
            outputs[info["name"]] = array
        if out:
            raise InputError(f"the model has no output {next(iter(out))!r}")
        return outputs

    def _find_tokenizer(self, given: str | os.PathLike[str] | None) -> Path | None:
        if given is None:
            beside = self.path.parent / "tokenizer.json"
            return beside if beside.is_file() else None
        path = Path(given)
        path = path / "tokenizer.json" if path.is_dir() else path
        if not path.is_file():
            raise FileError(f"cannot open {path}: no such file")
        return path

    def _load_tokenizer(self) -> Any:
        if self._tokenizer is not None:
            return self._tokenizer
        if self._tokenizer_path is None:
            raise FileError(
                f"there is no tokenizer.json beside {self.path}; pass tokenizer=FOLDER"
            )
        from tokenizers import Tokenizer, normalizers

        try:
            tokenizer = Tokenizer.from_file(str(self._tokenizer_path))
        except Exception as error:  # the package has no type of its own for it
            raise ModelFormatError(f"{self._tokenizer_path} is no tokenizer: {error}") from error
        tokenizer.no_padding()
        model = self.metadata.get("model", {})
        if model.get("tokenizer_lowercase"):
            lowercase = normalizers.Lowercase()
            own = tokenizer.normalizer
            tokenizer.normalizer = normalizers.Sequence([lowercase, own]) if own else lowercase
        # The model's own max_seq_length is what sentence-transformers goes by; the
        # limit that tokenizer.json carries is that of some earlier use.
        limit = model.get("tokenizer_max_length")
        if limit is None and tokenizer.truncation:
            limit = tokenizer.truncation["max_length"]
        tokenizer.enable_truncation(
            min(self.max_length, int(limit or self.max_length)),
            direction=(tokenizer.truncation or {}).get("direction", "right"),
        )
        self._tokenizer = tokenizer
        return tokenizer
