"""Engines, each at the best settings that its documentation names.

An engine reads a Hugging Face folder and runs batches. It is made inside a process
of its own; packages are imported there.
"""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tx._output import replacing
from tx.bench.suite import Batch, Shape

Hidden = NDArray[np.float32]


class Engine:
    """What the worker process drives."""

    packages: tuple[str, ...] = ()  # distributions whose versions the report names
    modules: tuple[str, ...] = ()  # what must be importable
    precisions: tuple[str, ...] = ("f32", "bf16")  # what it can multiply

    def prepare(self, batch: Batch) -> None:
        """Makes the inputs of `run` in the form that the engine takes."""
        raise NotImplementedError

    def run(self) -> None:
        """One forward pass of the prepared batch."""
        raise NotImplementedError

    def hidden(self) -> Hidden:
        """last_hidden_state of the prepared batch, its real tokens only, (T, hidden)."""
        raise NotImplementedError


def is_tx(name: str) -> bool:
    """Whether engine `name` is tx in some precision."""
    return name.startswith("tx")


def load_torch(folder: Path, **options: Any) -> Any:
    """The model of `folder` in PyTorch, without the pooler that it has no weights for."""
    import transformers

    if transformers.AutoConfig.from_pretrained(folder).model_type == "bert":
        options["add_pooling_layer"] = False
    return transformers.AutoModel.from_pretrained(folder, **options).eval()


class PaddedEngine(Engine):
    """Engines that take ids and attention mask, padded to the longest sequence."""

    def prepare(self, batch: Batch) -> None:
        self._ids, self._mask = batch.padded()

    def output(self) -> Hidden:
        """last_hidden_state (B, S, hidden)."""
        raise NotImplementedError

    def hidden(self) -> Hidden:
        real: Hidden = self.output()[self._mask.astype(bool)]
        return real


class Tx(Engine):
    """tx: compiled for this CPU, weights in memory, ragged batches as they are."""

    packages = ("tx-compiler",)

    def __init__(self, folder: Path, shape: Shape, threads: int, precision: str) -> None:
        import tx

        output = folder / f"model.tx-{precision}-{threads}.so"
        tx.load(folder, head="encoder").compile(output, threads=threads, precision=precision)
        affinity = "spread" if threads > 1 else "none"
        self._program = tx.Program(output, weights="copy", affinity=affinity)

    def prepare(self, batch: Batch) -> None:
        self._ids = np.concatenate([np.asarray(s, dtype=np.int32) for s in batch.ids])
        self._offsets = np.cumsum([0, *batch.lengths], dtype=np.int32)
        first = self._program(self._ids, offsets=self._offsets)
        self._out = {name: np.empty_like(value) for name, value in first.items()}

    def run(self) -> None:
        self._program(self._ids, offsets=self._offsets, out=self._out)

    def hidden(self) -> Hidden:
        self.run()
        result: Hidden = self._out["last_hidden_state"]
        return result


class TxF32(Tx):
    """tx in f32, beside engines in bf16."""

    precisions = ("bf16",)  # else it is tx

    def __init__(self, folder: Path, shape: Shape, threads: int, precision: str) -> None:
        super().__init__(folder, shape, threads, "f32")


class Torch(PaddedEngine):
    """PyTorch, eager, in inference mode."""

    packages = ("torch", "transformers")
    modules = ("torch", "transformers")

    def __init__(self, folder: Path, shape: Shape, threads: int, precision: str) -> None:
        import torch

        torch.set_num_threads(threads)
        self._torch = torch
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self._model: Any = load_torch(folder, dtype=dtype)

    def prepare(self, batch: Batch) -> None:
        super().prepare(batch)
        self._inputs = {"input_ids": self._torch.from_numpy(self._ids)}
        if not batch.is_dense:
            self._inputs["attention_mask"] = self._torch.from_numpy(self._mask)

    def run(self) -> None:
        with self._torch.inference_mode():
            self._last = self._model(**self._inputs).last_hidden_state

    def output(self) -> Hidden:
        self.run()
        result: Hidden = self._last.float().numpy()
        return result


class TorchCompile(Torch):
    """PyTorch, compiled by torch.compile."""

    def __init__(self, folder: Path, shape: Shape, threads: int, precision: str) -> None:
        super().__init__(folder, shape, threads, precision)
        self._model = self._torch.compile(self._model)


def _name_versions(stem: str, packages: tuple[str, ...]) -> str:
    """The name of a file that the installed versions of `packages` make."""
    return "-".join([stem, *(f"{name}-{metadata.version(name)}" for name in packages)]) + ".onnx"


def export_onnx(folder: Path) -> Path:
    """The model as ONNX with dynamic batch and length, in `folder`; made again by other
    packages than it was made by."""
    path = folder / _name_versions("model", ("torch", "transformers", "onnx"))
    if path.is_file():
        return path
    import torch

    ids = torch.ones((2, 8), dtype=torch.int64)
    names = ["input_ids", "attention_mask"]

    class LastHiddenState(torch.nn.Module):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.model = load_torch(folder, attn_implementation="eager")

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    with replacing(path) as partial:
        torch.onnx.export(
            LastHiddenState(),
            (ids, torch.ones_like(ids)),
            str(partial),
            input_names=names,
            output_names=["last_hidden_state"],
            dynamic_axes={
                name: {0: "batch", 1: "length"} for name in [*names, "last_hidden_state"]
            },
            opset_version=17,
            dynamo=False,
        )
    return path


def _affinities(cpus: list[int]) -> str:
    """A CPU of `cpus` for each worker of ONNX Runtime, which counts them from 1. The first
    is left to the calling thread, which is none of them."""
    return ";".join(str(cpu + 1) for cpu in cpus[1:])


class OnnxRuntime(PaddedEngine):
    """ONNX Runtime: all graph optimizations, after its transformer optimizer; several
    threads each on a CPU of its own. Its CPU provider has no kernels of bf16."""

    precisions = ("f32",)

    packages = ("onnxruntime", "onnx")
    modules = ("onnxruntime", "onnx", "torch", "transformers")

    def __init__(self, folder: Path, shape: Shape, threads: int, precision: str) -> None:
        import onnxruntime
        from onnxruntime.transformers import optimizer

        exported = export_onnx(folder)
        optimized = folder / _name_versions(exported.stem, ("onnxruntime",))
        if not optimized.is_file():
            fused = optimizer.optimize_model(
                str(exported),
                model_type="bert",
                num_heads=shape.heads,
                hidden_size=shape.hidden,
            )
            with replacing(optimized) as partial:
                fused.save_model_to_file(str(partial))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        cpus = sorted(os.sched_getaffinity(0))[:threads]
        if threads > 1:
            options.add_session_config_entry(
                "session.intra_op_thread_affinities", _affinities(cpus)
            )
        self._session = onnxruntime.InferenceSession(
            str(optimized), options, providers=["CPUExecutionProvider"]
        )
        os.sched_setaffinity(0, cpus[:1])  # of this thread

    def prepare(self, batch: Batch) -> None:
        super().prepare(batch)
        self._feed = {"input_ids": self._ids, "attention_mask": self._mask}

    def run(self) -> None:
        self._last = self._session.run(None, self._feed)[0]

    def output(self) -> Hidden:
        self.run()
        result: Hidden = self._last
        return result


class OpenVino(PaddedEngine):
    """OpenVINO with the latency hint."""

    packages = ("openvino",)
    modules = ("openvino", "onnx", "torch", "transformers")

    def __init__(self, folder: Path, shape: Shape, threads: int, precision: str) -> None:
        import openvino

        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": precision,
        }
        compiled = openvino.Core().compile_model(str(export_onnx(folder)), "CPU", settings)
        self._request = compiled.create_infer_request()

    def prepare(self, batch: Batch) -> None:
        super().prepare(batch)
        self._feed = {"input_ids": self._ids, "attention_mask": self._mask}

    def run(self) -> None:
        self._request.infer(self._feed, share_inputs=True, share_outputs=True)

    def output(self) -> Hidden:
        self.run()
        result: Hidden = self._request.get_output_tensor(0).data.copy()
        return result


ENGINES: dict[str, type[Engine]] = {
    "tx": Tx,
    "tx-f32": TxF32,
    "onnxruntime": OnnxRuntime,
    "openvino": OpenVino,
    "torch": Torch,
    "torch-compile": TorchCompile,
}
PEERS = tuple(name for name in ENGINES if name != "tx")
