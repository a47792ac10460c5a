"""Opens what make.ts wrote in the Transformers that is installed, and compares log-probabilities in float32.

    python scripts/exports/check_transformers.py FOLDER

Needs torch and transformers, of any version from 4.51 on (qwen3 came with it).
"""

import pathlib

import numpy as np
import torch
import transformers
from compare import compare
from transformers import AutoModelForCausalLM

transformers.logging.set_verbosity_error()


def logps_of(folder: pathlib.Path, ids: list[int]) -> np.ndarray:
    model, info = AutoModelForCausalLM.from_pretrained(
        folder, torch_dtype=torch.float32, output_loading_info=True, attn_implementation="eager"
    )
    for fault in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if info[fault]:
            raise SystemExit(f"{folder.name}: {fault} {sorted(info[fault])}")
    with torch.no_grad():
        logps = model.eval()(torch.tensor([ids])).logits[0, :-1].log_softmax(-1).numpy()
    return logps[np.arange(len(ids) - 1), ids[1:]]


compare(f"transformers {transformers.__version__}", logps_of)
