#!/usr/bin/python3
"""Writes onecycle.json: learning rate and Adam's beta1 of PyTorch's OneCycleLR(cycle_momentum) at chosen steps, for several lengths."""
import json, os
import torch

runs = []
for total, peak, steps in [
    (130_000, 5e-4, [0, 1, 10_000, 20_000, 38_998, 38_999, 39_000, 65_000, 90_000, 129_998, 129_999]),
    (260_000, 5e-4, [0, 20_000, 77_999, 78_000, 259_999]),
    (2400, 1e-3, list(range(0, 2400, 97)) + [719, 720, 2399]),
    (24, 4e-3, list(range(24))),
    (10, 1e-2, list(range(10))),
]:
    parameter = torch.nn.Parameter(torch.zeros(1))
    adam = torch.optim.Adam([parameter], lr=1e-3, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, max_lr=peak, total_steps=total)
    wanted, numbers = set(steps), []
    for i in range(total):
        group = adam.param_groups[0]
        if i in wanted:
            numbers.append([i, group["lr"], group["betas"][0], group["betas"][1]])
        adam.step()
        if i < total - 1:
            schedule.step()
    runs.append(dict(total=total, peak=peak, steps=numbers))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "onecycle.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(r) for r in runs) + "\n]\n")
