#!/usr/bin/python3
"""Writes small checkpoints as nnU-Net v2's trainer saves them, and expected.json with what their networks compute.

The network is built here from torch layers under the names of nnU-Net's PlainConvUNet (METHOD.md 6.3), which registers every layer more than once: under conv / norm and all_modules.N,
and the encoder again under decoder.encoder. The state dict therefore has shared tensors, as the real ones do. Around it stands what the trainer keeps: optimizer, grad scaler, a log of
numpy scalars, the plan.
Debian 12: torch 1.13, numpy 1.24. Run: /usr/bin/python3 make_checkpoint.py
"""
import json
import pathlib

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent


class Block(nn.Module):
    def __init__(self, cin, cout, kernel, stride):
        super().__init__()
        self.conv = nn.Conv3d(cin, cout, kernel, stride, [(k - 1) // 2 for k in kernel], bias=True)
        self.norm = nn.InstanceNorm3d(cout, eps=1e-5, affine=True)
        self.nonlin = nn.LeakyReLU(inplace=True)
        self.all_modules = nn.Sequential(self.conv, self.norm, self.nonlin)

    def forward(self, x):
        return self.all_modules(x)


class Stack(nn.Module):
    def __init__(self, n, cin, cout, kernel, stride):
        super().__init__()
        self.convs = nn.Sequential(Block(cin, cout, kernel, stride), *[Block(cout, cout, kernel, [1, 1, 1]) for _ in range(n - 1)])

    def forward(self, x):
        return self.convs(x)


class Encoder(nn.Module):
    def __init__(self, channels, features, kernels, strides, n):
        super().__init__()
        self.stages = nn.Sequential(*[nn.Sequential(Stack(n, c, f, k, s)) for c, f, k, s in zip([channels] + features[:-1], features, kernels, strides)])

    def forward(self, x):
        skips = []
        for stage in self.stages:
            x = stage(x)
            skips.append(x)
        return skips


class Decoder(nn.Module):
    def __init__(self, encoder, features, kernels, strides, classes, n):
        super().__init__()
        self.encoder = encoder
        levels = list(range(len(features) - 2, -1, -1))
        self.stages = nn.ModuleList([Stack(n, 2 * features[l], features[l], kernels[l], [1, 1, 1]) for l in levels])
        self.transpconvs = nn.ModuleList([nn.ConvTranspose3d(features[l + 1], features[l], strides[l + 1], strides[l + 1], bias=True) for l in levels])
        self.seg_layers = nn.ModuleList([nn.Conv3d(features[l], classes, 1, 1, 0, bias=True) for l in levels])

    def forward(self, skips):
        x, out = skips[-1], []
        for i in range(len(self.stages)):
            x = self.stages[i](torch.cat([self.transpconvs[i](x), skips[-(i + 2)]], 1))
            out.append(self.seg_layers[i](x))
        return out[::-1]


class Net(nn.Module):
    def __init__(self, channels, classes, features, kernels, strides, n=2):
        super().__init__()
        self.encoder = Encoder(channels, features, kernels, strides, n)
        self.decoder = Decoder(self.encoder, features, kernels, strides, classes, n)

    def forward(self, x):
        return self.decoder(self.encoder(x))


def plans(patch, spacing, transpose, features, kernels, strides):
    return {
        "dataset_name": "Dataset900_Oracle", "plans_name": "nnUNetPlans",
        "original_median_spacing_after_transp": spacing, "original_median_shape_after_transp": patch,
        "image_reader_writer": "SimpleITKIO", "transpose_forward": transpose, "transpose_backward": [transpose.index(i) for i in range(3)],
        "configurations": {"3d_fullres": {
            "data_identifier": "nnUNetPlans_3d_fullres", "preprocessor_name": "DefaultPreprocessor", "batch_size": 2, "patch_size": patch,
            "median_image_size_in_voxels": [float(p) for p in patch], "spacing": spacing,
            "normalization_schemes": ["ZScoreNormalization"], "use_mask_for_norm": [False],
            "resampling_fn_data": "resample_data_or_seg_to_shape", "batch_dice": False,
            "architecture": {
                "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
                "arch_kwargs": {
                    "n_stages": len(features), "features_per_stage": features, "conv_op": "torch.nn.modules.conv.Conv3d", "kernel_sizes": kernels, "strides": strides,
                    "n_conv_per_stage": [2] * len(features), "n_conv_per_stage_decoder": [2] * (len(features) - 1), "conv_bias": True,
                    "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d", "norm_op_kwargs": {"eps": 1e-05, "affine": True},
                    "dropout_op": None, "dropout_op_kwargs": None, "nonlin": "torch.nn.LeakyReLU", "nonlin_kwargs": {"inplace": True},
                },
                "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
            },
        }},
        "experiment_planner_used": "ExperimentPlanner", "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {"0": {"max": 300.0, "mean": 250.5, "median": 250.0, "min": 200.0, "percentile_00_5": 201.0, "percentile_99_5": 299.0, "std": 12.5}},
    }


def checkpoint(net, plan, classes):
    sgd = torch.optim.SGD(net.parameters(), 0.01, weight_decay=3e-5, momentum=0.99, nesterov=True)
    log = {
        "mean_fg_dice": [np.float64(0.25), np.float64(0.5)], "ema_fg_dice": [np.float64(0.25), np.float64(0.275)],
        "dice_per_class_or_region": [[np.float64(0.5)] * (classes - 1)] * 2, "train_losses": [np.float32(0.75), np.float32(-0.25)], "val_losses": [np.float32(0.5), np.float64("nan")],
        "lrs": [0.01, 0.009], "epoch_start_timestamps": [1.7e9, 1.7e9 + 60.5], "epoch_end_timestamps": [1.7e9 + 60, 1.7e9 + 120],
        "counts": [np.int64(3), np.uint8(7), np.bool_(True), np.float16(0.5)],
    }
    return {
        "network_weights": net.state_dict(), "optimizer_state": sgd.state_dict(),
        "grad_scaler_state": {"scale": 65536.0, "growth_factor": 2.0, "backoff_factor": 0.5, "growth_interval": 2000, "_growth_tracker": 5},
        "logging": log, "_best_ema": np.float64(0.275), "current_epoch": 2,
        "init_args": {"plans": plan, "configuration": "3d_fullres", "fold": 0, "dataset_json": {"channel_names": {"0": "MR"}, "labels": {"background": 0, "ball": 1}, "numTraining": 4, "file_ending": ".nii.gz"},
                      "unpack_dataset": True, "device": torch.device("cuda", 0)},
        "trainer_name": "nnUNetTrainer", "inference_allowed_mirroring_axes": (0, 1, 2),
    }


def numbers(x):
    return {"shape": list(x.shape), "value": [round(v, 7) for v in x.detach().flatten().tolist()]}


def main():
    torch.manual_seed(11)
    expected = {}
    k133, k3 = [1, 3, 3], [3, 3, 3]
    cases = {
        # name: classes, features, kernels, strides, patch, spacing, transpose, size of the input
        "plain": (2, [4, 8, 8], [k133, k3, k3], [[1, 1, 1], [1, 2, 2], [2, 2, 2]], [6, 24, 24], [4.0, 1.0, 1.0], [0, 1, 2], [2, 8, 8]),
        "swapped": (2, [2, 4, 4], [k133, [3, 3, 1], k3], [[1, 1, 1], [1, 1, 2], [2, 2, 2]], [6, 24, 32], [4.0, 1.0, 1.0], [2, 0, 1], [2, 6, 8]),
    }
    for name, (classes, features, kernels, strides, patch, spacing, transpose, size) in cases.items():
        net = Net(1, classes, features, kernels, strides)
        with torch.no_grad():
            for key, p in net.named_parameters():
                p.copy_(torch.randn_like(p) * (0.3 if p.dim() > 1 else 0.1) + (1.0 if key.endswith("norm.weight") else 0.0))
        x = torch.randn(2, 1, *size)
        out = net(x)
        torch.save(checkpoint(net, plans(patch, spacing, transpose, features, kernels, strides), classes), HERE / f"{name}.pth")
        expected[name] = {"input": numbers(x), "outputs_high_to_low": [numbers(o) for o in out], "tensors": len(net.state_dict()), "distinct": len(set(p.data_ptr() for p in net.state_dict().values()))}
    (HERE / "expected.json").write_text(json.dumps({"cases": expected}, indent=1) + "\n")


main()
