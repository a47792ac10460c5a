"""Makes cases/loss-rloo, and rloo.json beside cases, with TRL's RLOOTrainer; docs/golden.md says what they hold.

    python3 -m venv V && V/bin/pip install torch==2.13.0 transformers==5.24.0 trl==1.16.0
    V/bin/python test/golden/make_rloo.py test/golden/cases

The loss is RLOOTrainer._compute_loss itself. Its advantages are computed in the middle of a longer method, so their lines are
written out here as they stand there, in float64.
"""

import collections
import json
import pathlib
import sys
import types

import torch
from safetensors.torch import save_file
from trl import RLOOTrainer
from trl.trainer.utils import nanstd

ROWS, WIDTH, VOCAB, TEMPERATURE = 6, 7, 19, 0.9


def loss_case(folder):
    logits = (2 * torch.randn(ROWS, WIDTH, VOCAB)).requires_grad_(True)
    ids, lengths = torch.randint(0, VOCAB, (ROWS, WIDTH)), torch.tensor([WIDTH, 4, 1, 3, WIDTH, 2])
    advantages = torch.tensor([-0.7, 1.6, 0.0, 0.9, -0.3, 1.2])
    mask = (torch.arange(WIDTH)[None] < lengths[:, None]).long()

    def forward(*_, **__):
        logps = torch.log_softmax(logits / TEMPERATURE, -1)
        entropies = -(logps.exp() * logps).sum(-1)
        return logps.gather(-1, ids[..., None])[..., 0], entropies.detach(), None

    # Of sequences: some within the clip range, some beyond it on either side.
    shift = torch.tensor([0.05, -0.1, 0.02, 0.2, -0.06, -0.01])[:, None]
    old = forward()[0].detach() + shift + 0.02 * torch.randn(ROWS, WIDTH)
    alone = types.SimpleNamespace(reduce=lambda x, reduction: x, gather=lambda x: x)
    me = types.SimpleNamespace(
        accelerator=alone, model=types.SimpleNamespace(training=False), aux_loss_enabled=False,
        epsilon_low=0.2, epsilon_high=0.28, _get_per_token_logps_and_entropies=forward,
        _metrics={"eval": collections.defaultdict(list)},
    )  # fmt: skip
    prompt = torch.zeros(ROWS, 2, dtype=torch.long)
    batch = dict(
        prompt_ids=prompt, prompt_mask=prompt + 1, completion_ids=ids, completion_mask=mask,
        advantages=advantages, old_logps=(old * mask).sum(1),
    )  # fmt: skip
    loss = RLOOTrainer._compute_loss(me, None, batch)
    loss.backward()
    folder.mkdir(exist_ok=True)
    tensors = dict(
        logits=logits.detach(), completion_ids=ids.int(), lengths=lengths.int(), advantages=advantages,
        old_logps=old, ref_logps=old.clone(), loss=loss.detach().reshape(1), grad_logits=logits.grad,
    )  # fmt: skip
    save_file({n: t.contiguous() for n, t in tensors.items()}, folder / "case.safetensors")
    case = dict(
        config=dict(loss_type="rloo", epsilon=0.2, epsilon_high=0.28, beta=0.0), temperature=TEMPERATURE,
        max_completion_length=WIDTH + 4, old_logps_given=True,
        metrics={"entropy": me._metrics["eval"]["entropy"][0]},  # shares of clipped sequences are not ours of tokens
    )  # fmt: skip
    (folder / "case.json").write_text(json.dumps(case, indent=2) + "\n")


def advantages_case(path):
    weights = torch.tensor([1.0, 0.5], dtype=torch.float64)
    rewards_per_func = torch.randn(12, 2, dtype=torch.float64).round(decimals=2)
    rewards_per_func[2, 0] = rewards_per_func[5] = rewards_per_func[8] = rewards_per_func[9] = torch.nan
    kl = torch.randn(12, dtype=torch.float64).round(decimals=2)
    cases = []
    for beta in (0.0, 0.05):
        for normalize_advantages in (False, True):
            num_generations = 4
            unscorable_mask = torch.isnan(rewards_per_func).all(dim=1)
            rewards = (rewards_per_func * weights.unsqueeze(0)).nansum(dim=1)
            rewards[unscorable_mask] = torch.nan
            if beta != 0.0:
                rewards = rewards - beta * kl
            grouped_rewards = rewards.view(-1, num_generations)
            scorable_counts = (~torch.isnan(grouped_rewards)).sum(dim=1, keepdim=True)
            grouped_sum = torch.nansum(grouped_rewards, dim=1, keepdim=True)
            baselines = ((grouped_sum - grouped_rewards) / (scorable_counts - 1)).view(-1)
            advantages = rewards - baselines
            if normalize_advantages:
                advantages = (advantages - torch.nanmean(advantages)) / (nanstd(advantages) + 1e-4)
            advantages = torch.nan_to_num(advantages, nan=0.0)
            cases.append(dict(beta=beta, normalize_advantages=normalize_advantages, advantages=advantages.tolist()))
    rows = [[None if torch.isnan(value) else value.item() for value in row] for row in rewards_per_func]
    file = dict(rewards_per_func=rows, reward_weights=weights.tolist(), kl=kl.tolist(), num_generations=4, cases=cases)
    path.write_text(json.dumps(file, indent=2) + "\n")


if __name__ == "__main__":
    torch.manual_seed(7)
    out = pathlib.Path(sys.argv[1])
    loss_case(out / "loss-rloo")
    advantages_case(out.parent / "rloo.json")
