"""Learning rates of Transformers' schedules for many settings: schedules.json, which schedule.test.ts compares ours with.

pip install torch transformers; python test/trainer/make_schedules.py > test/trainer/schedules.json
"""

import json
import sys

import torch
import transformers
from transformers.optimization import get_scheduler

PEAK = 3e-4
KWARGS = {
    "linear": [{}],
    "constant_with_warmup": [{}],
    "cosine": [{}, {"num_cycles": 1.5}],
    "cosine_with_restarts": [{}, {"num_cycles": 3}],
    "cosine_with_min_lr": [{"min_lr": 1e-5}, {"min_lr_rate": 0.1}, {"min_lr_rate": 0.2, "num_cycles": 1.5}],
    "polynomial": [{}, {"lr_end": 1e-5, "power": 2}, {"power": 0.5}],
    "inverse_sqrt": [{}, {"timescale": 7}],
    "warmup_stable_decay": [
        {"num_decay_steps": 4},
        {"num_decay_steps": 3, "num_stable_steps": 2, "decay_type": "linear", "min_lr_ratio": 0.1},
        {"num_decay_steps": 5, "decay_type": "1-sqrt", "warmup_type": "cosine", "min_lr_ratio": 0.05},
        {"num_decay_steps": 5, "decay_type": "cosine", "warmup_type": "1-sqrt", "num_cycles": 1.5},
    ],
}


def rates(name, warmup, steps, kwargs):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    schedule = get_scheduler(
        name, optimizer, num_warmup_steps=warmup, num_training_steps=steps, scheduler_specific_kwargs=kwargs
    )
    out = []
    for _ in range(steps):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return out


cases = [
    {"name": name, "warmup": warmup, "steps": steps, "kwargs": kwargs, "rates": rates(name, warmup, steps, kwargs)}
    for name, each in KWARGS.items()
    for kwargs in each
    for warmup, steps in [(0, 11), (3, 12), (1, 20), (5, 13)]
]
versions = {"torch": torch.__version__, "transformers": transformers.__version__}
json.dump({"made_with": versions, "peak": PEAK, "cases": cases}, sys.stdout)
print()
