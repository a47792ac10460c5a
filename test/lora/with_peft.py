"""Whether log-probabilities of `glossa logprobs` on a run with adapters are those that Transformers and PEFT compute, in float32.

    python3 -m venv V && V/bin/python -m pip install torch==2.13.0 transformers==5.24.0 peft==0.21.2
    npx glossa logprobs --model runs/lora texts.jsonl --out logps.jsonl
    V/bin/python test/lora/with_peft.py logps.jsonl --adapter runs/lora/final
    V/bin/python test/lora/with_peft.py logps.jsonl --merged models/exported

An adapter is loaded beside the base that its adapter_config.json names, or beside --base; --merged is a whole model, as
`npx glossa export` writes it. Prints the greatest difference and exits with 1 above --bound (2e-5).
"""

import argparse
import json

import torch
from peft import PeftConfig, PeftModel
from transformers import AutoModelForCausalLM


def load(path):
    return AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logps")
    parser.add_argument("--adapter")
    parser.add_argument("--base")
    parser.add_argument("--merged")
    parser.add_argument("--bound", type=float, default=2e-5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.merged:
        model = load(given.merged)
    else:
        base = given.base or PeftConfig.from_pretrained(given.adapter).base_model_name_or_path
        model = PeftModel.from_pretrained(load(base), given.adapter).eval()
    worst, tokens = 0.0, 0
    for line in open(given.logps, encoding="utf-8"):
        row = json.loads(line)
        prompt, completion = row["prompt_ids"], torch.tensor(row["completion_ids"])
        with torch.no_grad():
            logits = model(torch.tensor([prompt + row["completion_ids"]])).logits[0, len(prompt) - 1 : -1]
        logps = torch.log_softmax(logits.double(), -1).gather(-1, completion[:, None])[:, 0]
        worst = max(worst, (logps - torch.tensor(row["logps"], dtype=torch.float64)).abs().max().item())
        tokens += len(completion)
    print(json.dumps({"tokens": tokens, "worst": worst, "bound": given.bound}))
    raise SystemExit(0 if worst <= given.bound and tokens > 0 else 1)


if __name__ == "__main__":
    main()
