"""Compiles a sentence-transformers folder and finds nearest neighbours.

    PYTHONPATH=build/python .venv/bin/python examples/embed_sentences.py \\
        MODEL_FOLDER OUTPUT.so SENTENCES.txt
"""

import statistics
import sys
import time
from pathlib import Path

import numpy as np

import tx


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    folder, output, sentences_file = sys.argv[1:]
    texts = [line for line in Path(sentences_file).read_text().splitlines() if line.strip()]
    if len(texts) < 2:
        sys.exit(f"error: {sentences_file} must hold at least two sentences, one a line")

    begin = time.perf_counter()
    program = tx.load(folder).compile(output, threads=2)
    seconds = time.perf_counter() - begin
    megabytes = Path(output).stat().st_size / 1e6

    embeddings = program.encode(texts)["sentence_embedding"]
    latencies = []
    for _ in range(20):
        begin = time.perf_counter()
        program.encode(texts)
        latencies.append(time.perf_counter() - begin)

    similarity = embeddings @ embeddings.T
    np.fill_diagonal(similarity, -1)
    print(f"{'sentence':<58} {'nearest neighbour':<58} cosine")
    for row, text in enumerate(texts):
        nearest = int(similarity[row].argmax())
        print(f"{text[:57]:<58} {texts[nearest][:57]:<58} {similarity[row, nearest]:.3f}")
    print()
    print(f"compiled in    {seconds:.2f} s")
    print(f"artefact       {megabytes:.1f} MB ({output})")
    print(
        f"latency        {1e3 * statistics.median(latencies):.1f} ms for {len(texts)} sentences"
        ", tokenizing included (median of 20, 2 threads)"
    )


if __name__ == "__main__":
    main()
