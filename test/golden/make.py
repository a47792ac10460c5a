"""Makes the reference cases of cases/, and bfloat16.json beside them, with PyTorch, Transformers and TRL; docs/golden.md says what they hold.

    python3 -m venv V && V/bin/pip install torch==2.13.0 transformers==5.24.0 trl==1.16.0
    V/bin/python test/golden/make.py test/golden

The models are as small as they can be and still have several layers, heads that share keys, and sizes that fill no tile.
advantages.json, the advantages of TRL 1.13, was made apart.
"""

import collections
import json
import pathlib
import sys
import types

import torch
import transformers
from safetensors.torch import save_file
from transformers import (
    AutoModelForCausalLM, Exaone4Config, Gemma3TextConfig, GraniteConfig, LlamaConfig, MistralConfig, Olmo2Config, Olmo3Config,
    Qwen2Config, Qwen3Config, SmolLM3Config,
)  # fmt: skip
from trl import GRPOConfig, GRPOTrainer

SIZES = dict(
    hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    vocab_size=61, max_position_embeddings=64, eos_token_id=1, pad_token_id=None, bos_token_id=None,
)  # fmt: skip
PLAIN = {"rope_type": "default", "rope_theta": 1e6}
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}  # fmt: skip
MODELS = {
    "llama": LlamaConfig(**SIZES, head_dim=6, tie_word_embeddings=True, rms_norm_eps=1e-5, rope_parameters=LLAMA3),
    "olmo2": Olmo2Config(**SIZES, tie_word_embeddings=False, rms_norm_eps=1e-6, rope_parameters=PLAIN),
    "qwen2": Qwen2Config(**SIZES, tie_word_embeddings=True, rms_norm_eps=1e-6, rope_parameters=PLAIN),
    "qwen3": Qwen3Config(**SIZES, head_dim=10, tie_word_embeddings=True, rms_norm_eps=1e-6, rope_parameters=PLAIN),
}
# Made after all others, and smaller still: a window is 4 of 13 tokens.
SMALLER = SIZES | dict(intermediate_size=24, vocab_size=37)
ONE_OF_TWO = dict(sliding_window=4, layer_types=["sliding_attention", "full_attention"])
BASE = {"rope_type": "default", "rope_theta": 1e4}
BY_LAYER = {"full_attention": {"rope_type": "linear", "rope_theta": 1e6, "factor": 4.0}, "sliding_attention": BASE}
FURTHER = {
    "exaone4": Exaone4Config(**SMALLER, **ONE_OF_TWO, rms_norm_eps=1e-5, rope_parameters=BASE),
    "gemma3": Gemma3TextConfig(
        **SMALLER, **ONE_OF_TWO, head_dim=6, query_pre_attn_scalar=10, tie_word_embeddings=True, rope_parameters=BY_LAYER
    ),
    "granite": GraniteConfig(
        **SMALLER, tie_word_embeddings=True, rms_norm_eps=1e-5, rope_parameters=BASE, embedding_multiplier=3.0,
        residual_multiplier=0.7, attention_multiplier=0.3, logits_scaling=2.5,
    ),
    "mistral": MistralConfig(**SMALLER, head_dim=6, rms_norm_eps=1e-5, rope_parameters=BASE, sliding_window=4),
    "olmo3": Olmo3Config(**SMALLER, **ONE_OF_TWO, rms_norm_eps=1e-6, rope_parameters={"rope_type": "default", "rope_theta": 5e5}),
    "smollm3": SmolLM3Config(**SMALLER, no_rope_layers=[1, 0], rope_parameters={"rope_type": "default", "rope_theta": 2e6}),
    "qwen2-window": Qwen2Config(
        **SMALLER, tie_word_embeddings=True, use_sliding_window=True, sliding_window=4, max_window_layers=1, rope_parameters=BASE
    ),
}  # fmt: skip


def new_model(config):
    """Weights far from a fresh model's, so that a wrong scale, norm or bias shows."""
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "norm" in name:
                p.copy_((config.model_type != "gemma3_text") + 0.3 * torch.randn_like(p))  # Gemma adds the 1 itself
            elif name.endswith("bias"):
                p.copy_(0.2 * torch.randn_like(p))
            elif "embed" in name or "lm_head" in name:
                p.copy_(0.4 * torch.randn_like(p))
            else:
                p.copy_(torch.randn_like(p) / p.shape[-1] ** 0.5)
    return model


def token_logps(logits, ids):
    """Log-probability of token t + 1 at t, in float64."""
    return torch.log_softmax(logits[:, :-1].double(), -1).gather(-1, ids[:, 1:, None])[..., 0]


def rows_of_model(vocab):
    ids, lengths = torch.randint(2, vocab, (3, 13)), torch.tensor([13, 9, 4])
    return ids, lengths, (torch.arange(13)[None] < lengths[:, None]).long()


def pass_over(model, ids, mask):
    """Logits, token log-probabilities, their negative mean over real tokens, and its gradients."""
    model.zero_grad()
    logits = model(input_ids=ids, attention_mask=mask).logits
    logps = token_logps(logits.float(), ids) * mask[:, 1:]
    loss = -logps.sum() / mask[:, 1:].sum()
    loss.backward()
    return logits.detach(), logps.detach(), loss.detach(), {n: p.grad.float() for n, p in model.named_parameters()}


def greedy(model, prompt, tokens=8):
    ids, scores = prompt[None], []
    for _ in range(tokens):
        logps = torch.log_softmax(model(input_ids=ids).logits[:, -1].double(), -1)
        scores.append(logps.max().item())
        ids = torch.cat([ids, logps.argmax(-1, keepdim=True)], 1)
    return ids[0, len(prompt) :], torch.tensor(scores)


def model_case(folder, config):
    """Writes the case and gives the errors of PyTorch's own bfloat16 against it."""
    model = new_model(config)
    model.save_pretrained(folder)
    ids, lengths, mask = rows_of_model(config.vocab_size)
    logits, logps, loss, gradients = pass_over(model, ids, mask)
    tensors = {"input_ids": ids.int(), "lengths": lengths.int(), "logits": logits, "token_logps": logps.float()}
    tensors |= {"loss": loss.float().reshape(1)} | {f"grad.{n}": g.clone() for n, g in gradients.items()}
    for i, prompt in enumerate([ids[0, :7], ids[1, :3], ids[2, :1]]):
        with torch.no_grad():
            completion, scores = greedy(model, prompt)
        tensors[f"greedy.{i}.prompt"] = prompt.int().clone()
        tensors[f"greedy.{i}.completion"] = completion.int()
        tensors[f"greedy.{i}.logps"] = scores.float()
    save_file({n: t.contiguous() for n, t in tensors.items()}, folder / "reference.safetensors")

    rounded = pass_over(model.to(torch.bfloat16), ids, mask)
    difference = {n: rounded[3][n] - g for n, g in gradients.items()}
    return {
        "logits": ((rounded[0].float() - logits).abs() * mask[..., None]).max().item(),
        "token_logps": (rounded[1] - logps).abs().max().item(),
        "grad": max((difference[n].norm() / g.norm()).item() for n, g in gradients.items()),
    }


# Named one by one: what TRL takes by default changes from version to version.
PLAIN_LOSS = dict(
    loss_type="grpo", epsilon=0.2, beta=0.0, use_bias_correction_kl=False, importance_sampling_level="token",
    top_entropy_quantile=1.0, entropy_coef=0.0,
)  # fmt: skip
LOSSES = {
    "grpo": {}, "grpo-kl": dict(beta=0.04), "grpo-kl-unbiased": dict(beta=0.04, use_bias_correction_kl=True),
    "bnpo": dict(loss_type="bnpo"), "dr_grpo": dict(loss_type="dr_grpo"),
    "dapo": dict(loss_type="dapo", epsilon_high=0.28), "on-policy": dict(old_logps_given=False),
    "dapo-kl": dict(loss_type="dapo", beta=0.1, epsilon_high=0.28),
    "dr_grpo-kl": dict(loss_type="dr_grpo", beta=0.02), "cispo": dict(loss_type="cispo", epsilon_high=1.2),
    "sapo": dict(loss_type="sapo"), "vespo": dict(loss_type="vespo"), "two-sided": dict(delta=1.3),
    "gspo": dict(importance_sampling_level="sequence", epsilon=0.03, epsilon_high=0.04),
    "dapo-kl-gspo": dict(loss_type="dapo", beta=0.1, importance_sampling_level="sequence"),
    "luspo": dict(loss_type="luspo", importance_sampling_level="sequence"),
    "luspo-token": dict(loss_type="luspo", beta=0.04), "top-entropy": dict(top_entropy_quantile=0.6),
    "off-policy-mask": dict(off_policy_mask_threshold=0.05), "entropy": dict(loss_type="dapo", entropy_coef=0.1),
    "entropy-top": dict(entropy_coef=0.1, top_entropy_quantile=0.5),
}  # fmt: skip
ROWS, WIDTH, VOCAB, TEMPERATURE = 6, 7, 19, 0.9


def loss_inputs():
    logits = 2 * torch.randn(ROWS, WIDTH, VOCAB)
    ids, lengths = torch.randint(0, VOCAB, (ROWS, WIDTH)), torch.tensor([WIDTH, 4, 1, 3, WIDTH, 2])
    present = torch.log_softmax(logits / TEMPERATURE, -1).gather(-1, ids[..., None])[..., 0]
    advantages = torch.tensor([-0.7, 1.6, 0.0, 0.9, -0.3, 1.2])  # far from cancelling
    old, ref = present + 0.5 * torch.randn_like(present), present + 0.4 * torch.randn_like(present)
    return logits, ids, lengths, advantages, present, old, ref


def trainer_of(config, forward):
    """What GRPOTrainer._compute_loss reads of its trainer, on one process and without a model."""
    alone = types.SimpleNamespace(
        num_processes=1, sync_gradients=True, gather=lambda x: x, gather_for_metrics=lambda x: x,
        reduce=lambda x, reduction: x, pad_across_processes=lambda x, **_: x,
    )  # fmt: skip
    me = types.SimpleNamespace(args=config, accelerator=alone, model=types.SimpleNamespace(training=False))
    for name in ("top_entropy_quantile", "off_policy_mask_threshold", "importance_sampling_level", "loss_type", "beta"):
        setattr(me, name, getattr(config, name))
    me.epsilon_low = config.epsilon
    me.epsilon_high = config.epsilon if config.epsilon_high is None else config.epsilon_high
    me.use_vllm = me.vllm_importance_sampling_correction = me.aux_loss_enabled = False
    me.entropy_coef, me._entropy_bonus_enabled, me.use_adaptive_entropy = config.entropy_coef, config.entropy_coef != 0, False
    me.get_gamma_weights = GRPOTrainer.get_gamma_weights
    me.get_off_policy_mask = GRPOTrainer.get_off_policy_mask
    me.get_high_entropy_mask = lambda *args: GRPOTrainer.get_high_entropy_mask(me, *args)
    me.max_completion_length, me.current_gradient_accumulation_steps = WIDTH + 4, 1
    me._metrics = {"eval": collections.defaultdict(list)}
    me._get_per_token_logps_and_entropies = forward
    return me


def loss_case(folder, inputs, settings):
    logits, ids, lengths, advantages, present, old, ref = inputs
    logits = logits.clone().requires_grad_(True)
    given = settings.get("old_logps_given", True)
    options = PLAIN_LOSS | {k: v for k, v in settings.items() if k != "old_logps_given"}
    config = GRPOConfig(output_dir="unused", report_to="none", bf16=False, use_cpu=True, **options)

    def forward(*_, **__):
        logps = torch.log_softmax(logits / TEMPERATURE, -1)
        entropies = -(logps.exp() * logps).sum(-1)
        bonus = config.entropy_coef != 0
        return logps.gather(-1, ids[..., None])[..., 0], entropies if bonus else entropies.detach(), None

    mask = (torch.arange(WIDTH)[None] < lengths[:, None]).long()
    prompt = torch.zeros(ROWS, 2, dtype=torch.long)
    batch = dict(
        prompt_ids=prompt, prompt_mask=prompt + 1, completion_ids=ids, completion_mask=mask, advantages=advantages,
        ref_per_token_logps=ref, num_items_in_batch=mask.sum(),
    )  # fmt: skip
    if given:
        batch["old_per_token_logps"] = old
    me = trainer_of(config, forward)
    loss = GRPOTrainer._compute_loss(me, None, batch)
    loss.backward()
    folder.mkdir(exist_ok=True)
    tensors = dict(
        logits=logits.detach(), completion_ids=ids.int(), lengths=lengths.int(), advantages=advantages,
        old_logps=old if given else present, ref_logps=ref, loss=loss.detach().reshape(1), grad_logits=logits.grad,
    )  # fmt: skip
    save_file({n: t.contiguous() for n, t in tensors.items()}, folder / "case.safetensors")
    case = dict(
        config=options, temperature=TEMPERATURE,
        max_completion_length=WIDTH + 4, old_logps_given=given, metrics={k: v[0] for k, v in me._metrics["eval"].items()},
    )  # fmt: skip
    write_json(folder / "case.json", case)


STEPS = [
    ("grpo", "qwen2", 0.0), ("grpo", "llama", 0.04), ("grpo", "olmo2", 0.0), ("grpo", "qwen3", 0.04),
    ("sft", "qwen2", 0.0), ("sft", "olmo2", 0.0),
]  # fmt: skip


def step_case(cases, kind, family, beta):
    """Three AdamW steps on one batch: three prompts with four completions each."""
    model = AutoModelForCausalLM.from_pretrained(cases / f"model-{family}", dtype=torch.float32)
    temperature = 0.8 if kind == "grpo" else 1.0
    rows, advantages = [], []
    for group, rewards in enumerate([[0.0, 0.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]):
        prompt, rewards = torch.randint(2, model.config.vocab_size, (2 + 3 * group,)), torch.tensor(rewards)
        for i in range(4):
            rows.append((prompt, torch.randint(2, model.config.vocab_size, (1 + 2 * i + group,))))
            advantages.append(((rewards - rewards.mean()) / (rewards.std() + 1e-4))[i].item())

    def logps_of_rows():
        for prompt, completion in rows:
            logits = model(input_ids=torch.cat([prompt, completion])[None]).logits[0, len(prompt) - 1 : -1]
            yield torch.log_softmax(logits / temperature, -1).gather(-1, completion[:, None])[:, 0]

    with torch.no_grad():
        old = list(logps_of_rows())
        ref = [o + 0.1 * torch.randn_like(o) for o in old]
    groups = [[p for p in model.parameters() if (p.dim() == 2) == matrix] for matrix in (True, False)]
    settings = dict(lr=2e-4 if kind == "grpo" else 2e-3, betas=(0.9, 0.95), eps=1e-8)
    decayed = [dict(params=p, weight_decay=d) for p, d in zip(groups, (0.1, 0.0))]
    optimizer = torch.optim.AdamW(decayed, **settings)
    losses, norms = [], []
    for _ in range(3):
        total = 0.0
        for logps, o, r, a in zip(logps_of_rows(), old, ref, advantages):
            if kind == "sft":
                total = total - logps.sum()
                continue
            ratio = (logps - o).exp()
            loss = -torch.minimum(ratio * a, ratio.clamp(0.8, 1.28) * a)
            total = total + (loss + beta * ((r - logps).exp() - (r - logps) - 1)).sum()
        loss = total / sum(len(completion) for _, completion in rows)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item())
        optimizer.step()

    folder = cases / f"train-{kind}-{family}"
    folder.mkdir(exist_ok=True)
    prompts, completions = zip(*rows)
    ends = {"advantages": torch.tensor(advantages), "old_logps": torch.cat(old), "ref_logps": torch.cat(ref)}
    for name, parts in ("prompt", prompts), ("completion", completions):
        ends[f"{name}_ids"] = torch.cat(parts).int()
        ends[f"{name}_lengths"] = torch.tensor([len(part) for part in parts]).int()
    ends |= {f"weight.{n}": p.detach().clone() for n, p in model.named_parameters()}
    save_file(ends, folder / "case.safetensors")
    case = dict(
        kind=kind, model=f"../model-{family}", temperature=temperature, loss_type="dapo", epsilon=0.2, epsilon_high=0.28,
        beta=beta, learning_rate=settings["lr"], adam_beta1=0.9, adam_beta2=0.95, adam_epsilon=1e-8, weight_decay=0.1,
        max_grad_norm=1.0, losses=losses, grad_norms=norms,
    )  # fmt: skip
    write_json(folder / "case.json", case)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def main(root):
    torch.manual_seed(20261127)
    torch.set_num_threads(1)
    cases = pathlib.Path(root) / "cases"
    errors = {f"model-{name}": model_case(cases / f"model-{name}", config) for name, config in MODELS.items()}
    for kind, family, beta in STEPS:
        step_case(cases, kind, family, beta)
    inputs = loss_inputs()
    for name, settings in LOSSES.items():
        loss_case(cases / f"loss-{name}", inputs, settings)
    errors |= further_cases(cases)
    made_with = f"torch {torch.__version__}, transformers {transformers.__version__}"
    write_json(pathlib.Path(root) / "bfloat16.json", {"made_with": made_with, "error": errors})


def further_cases(cases):
    torch.manual_seed(20261128)
    errors = {f"model-{name}": model_case(cases / f"model-{name}", config) for name, config in FURTHER.items()}
    for name in FURTHER:
        if "-" not in name:
            step_case(cases, "grpo", name, 0.04)
    return errors


if __name__ == "__main__":
    main(*sys.argv[1:])
