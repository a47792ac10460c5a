"""Whether completions of `glossa eval --out FILE.jsonl` are Transformers' greedy ones, and math-verify's verdict of them the same.

    python3 -m venv V && V/bin/pip install transformers==5.24.0 torch math-verify==0.9.0
    npx glossa eval --model build/models/smollm2 --data gsm8k.jsonl --limit 100 --max-tokens 256 --out answers.jsonl
    V/bin/python test/real_model/greedy_verdicts.py build/models/smollm2 answers.jsonl --max-tokens 256

One pass over prompt and completion tells all of a greedy completion: it is Transformers' own where each of its tokens has the
greatest logit behind those before it. At the first that has not, the two greatest are told, and Transformers goes on by itself
from there; `--generate N` has it also generate the first N by itself, as a check of that.
Prints one line for each completion that differs in a token or in a verdict, and a JSON object of sums last.
"""

import argparse
import json
import logging

import torch
from math_verify import parse, verify
from transformers import AutoModelForCausalLM, AutoTokenizer

logging.disable(logging.ERROR)


def first_difference(model, row):
    """Place of the first token that is not Transformers', its token, and how far apart the two logits are; None without one."""
    prompt, completion = row["prompt_ids"], row["completion_ids"]
    with torch.no_grad():
        logits = model(torch.tensor([prompt + completion])).logits[0, len(prompt) - 1 : -1]
    given = torch.tensor(completion)
    best = logits.argmax(-1)
    differs = (best != given).nonzero()
    if len(differs) == 0:
        return None
    at = differs[0].item()
    return at, best[at].item(), (logits[at, best[at]] - logits[at, given[at]]).item()


def greedy(model, ids, budget):
    if budget <= 0:
        return []
    prompt = torch.tensor([ids])
    given = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=budget, do_sample=False)
    return given[0, len(ids) :].tolist()


def verdict(gold, text):
    return verify(parse(gold), parse(text))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("completions")
    parser.add_argument("--max-tokens", type=int, required=True)
    parser.add_argument("--generate", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    tokenizer = AutoTokenizer.from_pretrained(given.model)
    model = AutoModelForCausalLM.from_pretrained(given.model, dtype=torch.float32).eval()

    suites = {}
    with open(given.completions, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    for index, row in enumerate(rows):
        sums = suites.setdefault(row["suite"], {"n": 0, "tokens": 0, "same_tokens": 0, "glossa": 0, "math_verify": 0, "both": 0})
        completion = row["completion_ids"]
        difference = first_difference(model, row)
        ids = completion
        if difference is not None:
            at, token, gap = difference
            begun = completion[:at] + [token]
            ended = token in (model.generation_config.eos_token_id,)
            ids = begun + ([] if ended else greedy(model, row["prompt_ids"] + begun, given.max_tokens - len(begun)))
            print(json.dumps({"id": row["id"], "suite": row["suite"], "at": at, "of": len(completion), "logit_gap": gap}))
        if index < given.generate:
            assert greedy(model, row["prompt_ids"], given.max_tokens) == ids, row["id"]
        text = tokenizer.decode(ids, skip_special_tokens=True)
        theirs = verdict(row["gold"], text)
        sums["n"] += 1
        sums["tokens"] += len(completion)
        sums["same_tokens"] += difference is None
        sums["glossa"] += row["correct"]
        sums["math_verify"] += theirs
        sums["both"] += row["correct"] and theirs
        if row["correct"] != theirs:
            told = {key: row[key] for key in ("id", "suite", "gold", "finish", "answer", "correct")}
            print(json.dumps({**told, "math_verify": theirs, "read": str(parse(text)), "end": text[-240:]}, ensure_ascii=False))
    print(json.dumps(suites))


if __name__ == "__main__":
    main()
