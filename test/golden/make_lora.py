"""Makes the reference cases train-lora-* of cases/ with PEFT, beside the checkpoints that make.py has made; docs/golden.md says what they hold.

    python3 -m venv V && V/bin/python -m pip install torch==2.13.0 transformers==5.24.0 peft==0.21.2
    V/bin/python test/golden/make_lora.py test/golden/cases

With other folders of checkpoints (model-<family>), seeds, ranks and targets: --seed N --case FAMILY:RANK:ALPHA:BETA:TARGETS[:rslora],
several times.
"""

import argparse
import json
import pathlib

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

CASES = ["llama:3:6:0.04:all-linear", "olmo2:5:2:0.04:gate_proj,o_proj,k_proj:rslora", "gemma3:2:4:0.1:q_proj,v_proj,down_proj"]
TEMPERATURE = 0.8


def make(cases, family, rank, alpha, beta, targets, rslora):
    base = AutoModelForCausalLM.from_pretrained(cases / f"model-{family}", dtype=torch.float32, attn_implementation="eager")
    settings = LoraConfig(
        task_type="CAUSAL_LM", r=rank, lora_alpha=alpha, lora_dropout=0.0, bias="none", use_rslora=rslora,
        target_modules=targets if targets == "all-linear" else targets.split(","),
    )  # fmt: skip
    model = get_peft_model(base, settings)
    trained = [p for p in model.parameters() if p.requires_grad]
    for p in trained:
        p.data = 0.2 * torch.randn_like(p)
    folder = cases / f"train-lora-{family}"
    model.save_pretrained(folder / "adapter")

    vocab, rows, advantages = model.config.vocab_size, [], []
    for group, rewards in enumerate([[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]):
        prompt, rewards = torch.randint(2, vocab, (2 + 3 * group,)), torch.tensor(rewards)
        for i in range(4):
            rows.append((prompt, torch.randint(2, vocab, (1 + 2 * i + group,))))
            advantages.append(((rewards - rewards.mean()) / (rewards.std() + 1e-4))[i].item())

    def logps_of_rows():
        for prompt, completion in rows:
            logits = model(input_ids=torch.cat([prompt, completion])[None]).logits[0, len(prompt) - 1 : -1]
            yield torch.log_softmax(logits / TEMPERATURE, -1).gather(-1, completion[:, None])[:, 0]

    first = torch.cat(rows[0])[None]
    with torch.no_grad():
        old = list(logps_of_rows())
        with model.disable_adapter():
            ref = list(logps_of_rows())
        logits = model(input_ids=first).logits[0]
    hyper = dict(lr=2e-3, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.0)
    optimizer = torch.optim.AdamW(trained, **hyper)
    losses, norms = [], []
    for _ in range(3):
        total = 0.0
        for logps, o, r, a in zip(logps_of_rows(), old, ref, advantages):
            ratio = (logps - o).exp()
            loss = -torch.minimum(ratio * a, ratio.clamp(0.8, 1.28) * a)
            total = total + (loss + beta * ((r - logps).exp() - (r - logps) - 1)).sum()
        loss = total / sum(len(completion) for _, completion in rows)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        norms.append(torch.nn.utils.clip_grad_norm_(trained, 1.0).item())
        optimizer.step()
    model.save_pretrained(folder / "adapter_after")
    for each in "adapter", "adapter_after":
        (folder / each / "README.md").unlink(missing_ok=True)

    with torch.no_grad():
        merged = model.merge_and_unload()(input_ids=first).logits[0]
    prompts, completions = zip(*rows)
    tensors = {"advantages": torch.tensor(advantages), "old_logps": torch.cat(old), "ref_logps": torch.cat(ref)}
    for name, parts in ("prompt", prompts), ("completion", completions):
        tensors[f"{name}_ids"] = torch.cat(parts).int()
        tensors[f"{name}_lengths"] = torch.tensor([len(part) for part in parts]).int()
    tensors |= {"logits": logits, "logits_merged": merged}
    save_file({n: t.detach().contiguous() for n, t in tensors.items()}, folder / "case.safetensors")
    case = dict(
        kind="lora", model=f"../model-{family}", adapter="adapter", adapter_after="adapter_after", temperature=TEMPERATURE,
        loss_type="dapo", epsilon=0.2, epsilon_high=0.28, beta=beta, learning_rate=hyper["lr"], adam_beta1=0.9, adam_beta2=0.95,
        adam_epsilon=1e-8, weight_decay=0.0, max_grad_norm=1.0, losses=losses, grad_norms=norms,
    )  # fmt: skip
    (folder / "case.json").write_text(json.dumps(case, indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=20261128)
    parser.add_argument("--case", action="append")
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    torch.set_num_threads(1)
    for case in given.case or CASES:
        family, rank, alpha, beta, targets, *rest = case.split(":")
        make(given.cases, family, int(rank), float(alpha), float(beta), targets, rest == ["rslora"])
