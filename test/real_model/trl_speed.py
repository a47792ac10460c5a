"""What TRL takes, in time and memory, for the steps of studies/real on this machine: to be read beside glossa's own.

    python3 -m venv V && V/bin/pip install torch==2.13.0 transformers==5.24.0 trl==1.16.0 peft==0.21.2 datasets
    V/bin/python test/real_model/trl_speed.py sft  MODEL build/real/gsm8k-train.jsonl [--bf16]
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

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

parser = argparse.ArgumentParser()
parser.add_argument("mode", choices=["sft", "grpo"])
parser.add_argument("model")
parser.add_argument("data")
parser.add_argument("--bf16", action="store_true")
parser.add_argument("--lora", action="store_true")
parser.add_argument("--steps", type=int, default=4)
parser.add_argument("--threads", type=int, default=2)
given = parser.parse_args()

import torch

torch.set_num_threads(given.threads)
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback

rows = [json.loads(line) for line in open(given.data, encoding="utf-8")][:512]
tokenizer = AutoTokenizer.from_pretrained(given.model)
model = AutoModelForCausalLM.from_pretrained(given.model, dtype=torch.float32)
seconds, tokens = [], []


class Clock(TrainerCallback):
    def on_step_begin(self, *_, **__):
        self.begin = time.perf_counter()

    def on_step_end(self, *_, **__):
        seconds.append(time.perf_counter() - self.begin)


shared = dict(
    output_dir=tempfile.mkdtemp(),
    max_steps=given.steps + 1,
    report_to="none",
    use_cpu=True,
    bf16=given.bf16,
    gradient_checkpointing=False,
    save_strategy="no",
    logging_steps=1000,
    disable_tqdm=True,
)
peft = None
if given.lora:
    from peft import LoraConfig

    peft = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")


def user(row):
    return [{"role": "user", "content": row["question"]}]


if given.mode == "sft":
    from trl import SFTConfig, SFTTrainer

    class Counting(SFTTrainer):
        def training_step(self, model, inputs, *more):
            tokens.append(int(inputs["attention_mask"].sum()))
            return super().training_step(model, inputs, *more)

    data = [{"prompt": user(row), "completion": [{"role": "assistant", "content": row["solution"]}]} for row in rows]
    args = SFTConfig(per_device_train_batch_size=16, learning_rate=5e-5, max_length=512, **shared)
    trainer = Counting(
        model=model, args=args, train_dataset=Dataset.from_list(data), processing_class=tokenizer, peft_config=peft
    )
else:
    from trl import GRPOConfig, GRPOTrainer

    def accuracy(completions, answer, completion_ids, **_):
        tokens.append(sum(len(ids) for ids in completion_ids))
        last = [re.findall(r"-?\d+(?:\.\d+)?", text[0]["content"]) for text in completions]
        return [float(bool(numbers) and float(numbers[-1]) == float(gold)) for numbers, gold in zip(last, answer)]

    data = [{"prompt": user(row), "answer": row["answer"]} for row in rows]
    args = GRPOConfig(
        per_device_train_batch_size=64, num_generations=8, max_completion_length=128, learning_rate=1e-5, **shared
    )
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=accuracy,
        args=args,
        train_dataset=Dataset.from_list(data),
        processing_class=tokenizer,
        peft_config=peft,
    )
trainer.add_callback(Clock())
trainer.train()
counted, taken = tokens[1 : len(seconds)], seconds[1:]
print(
    json.dumps(
        {
            "mode": given.mode,
            "bf16": given.bf16,
            "lora": given.lora,
            "seconds_a_step": round(statistics.median(taken), 2),
            "tokens_a_second": round(sum(counted) / sum(taken)),
            "tokens_are": "of whole examples" if given.mode == "sft" else "sampled",
            "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        }
    )
)
