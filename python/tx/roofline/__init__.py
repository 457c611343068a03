"""The roofline of a compiled model, as a picture.

    txc bench model.so --format=json > bench.json
    python -m tx.roofline bench.json -o roofline.svg

Each kernel is a point: right is more arithmetic for a byte, up is faster. Nothing can be
above both roofs, which are what the same run measured: a kernel above the slanted one read
from a cache, one far below both has something to gain. Needs `tx-compiler[plot]`.
"""
