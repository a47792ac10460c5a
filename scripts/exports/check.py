"""Opens what make.ts wrote in the Transformers that is installed, and compares log-probabilities in float32.

    python scripts/exports/check.py FOLDER

Needs torch and transformers, of any version from 4.51 on (qwen3 came with it).
"""

import json
import pathlib
import sys

import torch
import transformers
from transformers import AutoModelForCausalLM

BOUND = 2e-5
transformers.logging.set_verbosity_error()


def worst(folder: pathlib.Path) -> float:
    expected = json.loads((folder / "expected.json").read_text())
    model, info = AutoModelForCausalLM.from_pretrained(
        folder, torch_dtype=torch.float32, output_loading_info=True, attn_implementation="eager"
    )
    for fault in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if info[fault]:
            raise SystemExit(f"{folder.name}: {fault} {sorted(info[fault])}")
    ids = torch.tensor([expected["ids"]])
    with torch.no_grad():
        logps = model.eval()(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]
    return (logps - torch.tensor(expected["logps"])).abs().max().item()


def main() -> None:
    folders = sorted(path.parent for path in pathlib.Path(sys.argv[1]).glob("*/expected.json"))
    errors = {folder.name: worst(folder) for folder in folders}
    for name, error in errors.items():
        print(f"{name:28} {error:.1e}{'' if error <= BOUND else '  TOO LARGE'}")
    print(f"transformers {transformers.__version__}: {len(errors)} folders, worst {max(errors.values()):.1e}")
    sys.exit(max(errors.values()) > BOUND)


main()
