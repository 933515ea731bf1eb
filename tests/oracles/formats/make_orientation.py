"""Writes orientation.json: affines (RAS) of axis-aligned and random oblique grids, nibabel's (5.0.0) aff2axcodes, and for some the volume's values and
affine after as_reoriented to another code. Run with: /usr/bin/python3 make_orientation.py"""
import json
import os

import nibabel as nib
import numpy as np
from nibabel.orientations import aff2axcodes, axcodes2ornt, io_orientation, ornt_transform
from nibabel.quaternions import quat2mat

rng = np.random.default_rng(3)
CODES = ["RAS", "LPS", "LAS", "SRA", "PIR", "ILA", "ASL", "RSA"]
cases = []


def add(affine, code):
    data = np.arange(24, dtype="int16").reshape((2, 3, 4), order="F")
    image = nib.Nifti1Image(data, affine)
    again = image.as_reoriented(ornt_transform(io_orientation(affine), axcodes2ornt(tuple(code))))
    assert "".join(aff2axcodes(again.affine)) == code
    cases.append({"affine": affine.ravel().tolist(), "code": "".join(aff2axcodes(affine)), "to": code, "toAffine": again.affine.ravel().tolist(), "toSize": list(again.shape),
                  "values": np.asarray(again.dataobj).ravel(order="F").tolist()})


for order in ([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]):
    for signs in range(8):
        m = np.eye(4)
        m[:3, :3] = np.eye(3)[:, order] @ np.diag([(-1 if signs >> a & 1 else 1) * z for a, z in enumerate((1.25, 0.75, 3.5))])
        m[:3, 3] = [4, -5, 6]
        add(m, CODES[len(cases) % len(CODES)])
while len(cases) < 48 + 60:
    q = rng.normal(size=4)
    r = quat2mat(q / np.linalg.norm(q))
    cosines = np.sort(np.abs(r).ravel())[::-1]
    if min(np.sort(np.abs(r), axis=0)[2] - np.sort(np.abs(r), axis=0)[1]) < 0.15 or len(set(np.argmax(np.abs(r), axis=0))) < 3:
        continue  # near 45 degrees the nearest axis is a matter of taste (nibabel decides axis after axis, this library by the largest sum)
    m = np.eye(4)
    m[:3, :3] = r @ np.diag(rng.uniform(0.5, 4, 3)) @ np.diag(rng.choice([-1, 1], 3))
    m[:3, 3] = rng.uniform(-100, 100, 3)
    add(m, CODES[len(cases) % len(CODES)])
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "orientation.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
print(len(cases), "cases")
