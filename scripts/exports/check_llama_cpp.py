"""Converts what make.ts wrote with a tokenizer to GGUF as llama.cpp does, and compares log-probabilities in float32.

    node --import tsx scripts/exports/make.ts FOLDER MODELS
    pip download --no-deps --no-binary :all: llama-cpp-python && tar xf llama_cpp_python-*.tar.gz
    pip install ./llama_cpp_python-*/ sentencepiece torch transformers
    python scripts/exports/check_llama_cpp.py FOLDER llama_cpp_python-*/vendor/llama.cpp

The package holds llama.cpp's own sources, with convert_hf_to_gguf.py. 0.3.36 loads no olmo2 whose head is its embedding (it asks
for output.weight), and computes qwen2 and qwen3 with a rope of type llama3 as if its frequencies were not scaled: those folders
are marked, and the exit status is 1.
"""

import pathlib
import subprocess
import sys
import tempfile

import llama_cpp
import numpy as np
from compare import NotOpened, compare

CONVERTER = pathlib.Path(sys.argv[2]) / "convert_hf_to_gguf.py"
FLOAT32 = 0  # GGML_TYPE_F32: keys and values are kept in float16 otherwise


def logps_of(folder: pathlib.Path, ids: list[int]) -> np.ndarray:
    with tempfile.TemporaryDirectory() as parent:
        out = f"{parent}/model.gguf"
        command = [sys.executable, str(CONVERTER), str(folder), "--outtype", "f32", "--outfile", out]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NotOpened(done.stderr.strip().splitlines()[-1])
        try:
            model = llama_cpp.Llama(
                out, n_ctx=256, logits_all=True, type_k=FLOAT32, type_v=FLOAT32, flash_attn=False, verbose=False
            )
        except ValueError as error:
            raise NotOpened("converted, but not loaded") from error
        model.eval(ids)
        logits = np.array(model.scores[: len(ids) - 1], dtype=np.float64)
        model.close()
    top = logits.max(-1, keepdims=True)
    logps = logits - top - np.log(np.exp(logits - top).sum(-1, keepdims=True))
    return logps[np.arange(len(ids) - 1), ids[1:]]


compare(f"llama.cpp (llama-cpp-python {llama_cpp.__version__})", logps_of)
