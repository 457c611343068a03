from typing import Any

import numpy as np
from numpy.typing import NDArray

DIM_TOKENS: int
DIM_SEQUENCES: int
DIM_SEQUENCES_PLUS: int
DIM_LENGTH: int

class Artefact:
    def __init__(
        self, path: str, prefix: str, threads: int, weights: str, affinity: str
    ) -> None: ...
    @property
    def metadata(self) -> str: ...
    @property
    def isa(self) -> str: ...
    @property
    def weights_size(self) -> int: ...
    @property
    def entries(self) -> list[dict[str, Any]]: ...
    def run(
        self,
        entry: int,
        inputs: list[NDArray[np.int32] | None],
        outputs: list[NDArray[np.float32] | NDArray[np.int32]],
        tokens: int,
        sequences: int,
    ) -> None: ...
