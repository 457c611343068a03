"""The roofline of a compiled model, as a picture.

    txc bench model.so --format=json > bench.json
    python -m tx.roofline bench.json -o roofline.svg

Each kernel is a point: right is more arithmetic for a byte, up is faster. The roofs are what
the same run measured, memory and arithmetic in FP32: a kernel above the slanted one read from
a cache, one above the flat one multiplied in bf16, one far below both has something to gain.
Needs matplotlib, the extra `plot` of the package.
"""
