"""Converts what make.ts wrote with a tokenizer to CTranslate2, and compares log-probabilities in float32.

    node --import tsx scripts/exports/make.ts FOLDER MODELS
    python scripts/exports/check_ctranslate2.py FOLDER

Needs ctranslate2, torch and transformers. 4.8.5 has no olmo2, refuses a rope of type llama3 in qwen2 and qwen3, and computes
a llama with one as if its frequencies were not scaled: those folders are marked, and the exit status is 1.
"""

import pathlib
import tempfile

import ctranslate2
import numpy as np
from compare import NotOpened, compare
from ctranslate2.converters import TransformersConverter


def logps_of(folder: pathlib.Path, ids: list[int]) -> np.ndarray:
    with tempfile.TemporaryDirectory() as parent:
        out = f"{parent}/model"
        try:
            TransformersConverter(str(folder)).convert(out, quantization="float32")
        except ValueError as error:
            raise NotOpened(" ".join(str(error).split())[:120]) from error
        generator = ctranslate2.Generator(out, device="cpu", compute_type="float32")
        logps = np.array(generator.forward_batch([ids], return_log_probs=True))[0, :-1]
    return logps[np.arange(len(ids) - 1), ids[1:]]


compare(f"ctranslate2 {ctranslate2.__version__}", logps_of)
