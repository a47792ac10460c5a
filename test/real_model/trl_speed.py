"""What TRL takes, in time and memory, for the steps of studies/real on this machine: to be read beside glossa's own.

    python3 -m venv V && V/bin/pip install torch==2.13.0 transformers==5.24.0 trl==1.16.0 peft==0.21.2 datasets
    V/bin/python test/real_model/trl_speed.py sft  MODEL build/real/gsm8k-train.jsonl [--bf16] [--lora]
    V/bin/python test/real_model/trl_speed.py grpo MODEL build/real/multiarith-train.jsonl [--bf16] [--lora]

The first step is not counted. Gradient checkpointing is off, which is the faster. Prints one JSON object last.
"""

import argparse
import json
import logging
import re
import resource
import statistics
import tempfile
import time
import warnings

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer


class Clock(TrainerCallback):
    def __init__(self):
        self.seconds = []

    def on_step_begin(self, *_, **__):
        self.begin = time.perf_counter()

    def on_step_end(self, *_, **__):
        self.seconds.append(time.perf_counter() - self.begin)


def user(row):
    return [{"role": "user", "content": row["question"]}]


def supervised(rows, shared, args):
    data = [{"prompt": user(row), "completion": [{"role": "assistant", "content": row["solution"]}]} for row in rows]
    config = SFTConfig(learning_rate=5e-5, max_length=512, **args)
    trainer = SFTTrainer(args=config, train_dataset=Dataset.from_list(data), **shared)
    tokens, step = [], trainer.training_step

    def counting(model, inputs, *more):
        tokens.append(int(inputs["attention_mask"].sum()))
        return step(model, inputs, *more)

    trainer.training_step = counting
    return trainer, tokens


def grpo(rows, shared, args):
    tokens = []

    def accuracy(completions, answer, completion_ids, **_):
        tokens.append(sum(len(ids) for ids in completion_ids))
        last = [re.findall(r"-?\d+(?:\.\d+)?", text[0]["content"]) for text in completions]
        return [float(bool(numbers) and float(numbers[-1]) == float(gold)) for numbers, gold in zip(last, answer)]

    data = [{"prompt": user(row), "answer": row["answer"]} for row in rows]
    config = GRPOConfig(num_generations=8, max_completion_length=128, learning_rate=1e-5, **args)
    return GRPOTrainer(reward_funcs=accuracy, args=config, train_dataset=Dataset.from_list(data), **shared), tokens


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["sft", "grpo"])
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--lora", action="store_true")
    parser.add_argument("--micro", type=int, default=4, help="rows of a micro-batch; a step has 16, of grpo 64")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(given.threads)

    with open(given.data, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file][:512]
    shared = dict(
        model=AutoModelForCausalLM.from_pretrained(given.model, dtype=torch.float32),
        processing_class=AutoTokenizer.from_pretrained(given.model),
        peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
        if given.lora
        else None,
    )
    args = dict(
        output_dir=tempfile.mkdtemp(),
        max_steps=given.steps + 1,
        per_device_train_batch_size=given.micro,
        gradient_accumulation_steps=(16 if given.mode == "sft" else 64) // given.micro,
        report_to="none",
        use_cpu=True,
        bf16=given.bf16,
        gradient_checkpointing=False,
        save_strategy="no",
        logging_steps=1000,
        disable_tqdm=True,
    )
    trainer, tokens = (supervised if given.mode == "sft" else grpo)(rows, shared, args)
    clock = Clock()
    trainer.add_callback(clock)
    trainer.train()
    seconds = clock.seconds[1:]
    first = len(tokens) // len(clock.seconds)
    result = {
        "mode": given.mode,
        "bf16": given.bf16,
        "lora": given.lora,
        "seconds_a_step": round(statistics.median(seconds), 2),
        "tokens_a_second": round(sum(tokens[first:]) / sum(seconds)),
        "tokens_are": "of whole examples" if given.mode == "sft" else "sampled",
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
    }
    print(json.dumps(result))


main()
