"""Writes nibabel.json: NIfTI-2 files and pairs of files as nibabel (5.0.0) writes them, with voxels and geometry (LPS, mm) as nibabel reads them.
(NIfTI-1 in one file: tests/oracles/nifti.) Run with: /usr/bin/python3 make_nibabel.py"""
import base64
import json
import os
import tempfile
import zlib

import nibabel as nib
import numpy as np
from nibabel.nifti1 import Nifti1Extension, Nifti1PairHeader
from nibabel.nifti2 import Nifti2PairHeader
from nibabel.quaternions import quat2mat

FOLDER = os.path.dirname(os.path.abspath(__file__))
cases = []


def oblique(quaternion, zooms=(1.25, 0.75, 3.5)):
    m = np.eye(4)
    m[:3, :3] = quat2mat(np.array(quaternion) / np.linalg.norm(quaternion)) @ np.diag(zooms)
    m[:3, 3] = [-31.5, 22.25, 5.125]
    return m


def ramp(dtype, shape=(2, 3, 4)):
    n = int(np.prod(shape))
    if np.dtype(dtype).kind == "f":
        values = np.linspace(-1000.5, 1234.25, n)
    else:
        info = np.iinfo(dtype)
        values = np.array([info.min + (int(info.max) - int(info.min)) * (7 * i % n) // (n - 1) for i in range(n)], dtype=object)
    return np.array(values, dtype=dtype).reshape(shape, order="F")


def add(name, image_class, header_class, ending, data, affine, endian="<", edit=None, unit=1.0):
    header = header_class(endianness=endian)
    header.set_data_dtype(data.dtype.newbyteorder(endian))
    header.set_data_shape(data.shape)
    header.set_sform(affine, code=1)
    header.set_qform(affine, code=1)
    if edit:
        edit(header)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"c{len(cases)}{ending}")
        nib.save(image_class(data, None, header=header), path)
        back = nib.load(path)
        m = np.diag([-1, -1, 1]) @ back.affine[:3]
        spacing = np.linalg.norm(m[:, :3], axis=0)
        values = np.asarray(back.dataobj, dtype=np.float64)
        channels = int(np.prod(values.shape[3:]))
        files = {f: base64.b64encode(zlib.compress(open(os.path.join(folder, f), "rb").read(), 9)[2:-4]).decode() for f in sorted(os.listdir(folder))}
        cases.append({"name": name, "file": os.path.basename(path), "size": list(values.shape[:3]), "spacing": (spacing * unit).tolist(), "origin": (m[:, 3] * unit).tolist(),
                      "direction": (m[:, :3] / spacing).ravel().tolist(), "channels": channels, "planar": True, "values": [float(np.float32(v)) for v in values.ravel(order="F")], "files": files})


for dtype in ["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]:
    for endian in "<>":
        add(f"nifti2 {dtype} {endian}", nib.Nifti2Image, nib.Nifti2Header, ".nii", ramp(dtype), oblique([0.9, 0.1, -0.3, 0.25]), endian)
for i, q in enumerate([[0, 1, 0, 0], [0.3, 0.7, 0.2, -0.4], [1e-4, 0.2, 0.9, -0.1]]):
    add(f"nifti2 oblique {i}", nib.Nifti2Image, nib.Nifti2Header, ".nii.gz", ramp("int16"), oblique(q))
    add(f"nifti2 qform {i}", nib.Nifti2Image, nib.Nifti2Header, ".nii", ramp("int16"), oblique(q), edit=lambda h: h.__setitem__("sform_code", 0))
for ending in (".hdr", ".img.gz"):
    for endian in "<>":
        add(f"pair {ending} {endian}", nib.Nifti1Pair, Nifti1PairHeader, ending, ramp("int16"), oblique([0.9, 0.1, -0.3, 0.25]), endian)
        add(f"nifti2 pair {ending} {endian}", nib.Nifti2Pair, Nifti2PairHeader, ending, ramp("int16"), oblique([0.9, 0.1, -0.3, 0.25]), endian)
add("nifti2 channels", nib.Nifti2Image, nib.Nifti2Header, ".nii", ramp("int16", (2, 3, 4, 3)), oblique([0.3, 0.7, 0.2, -0.4]))
for unit, mm in (("micron", 1e-3), ("meter", 1e3)):
    add(f"nifti1 {unit}", nib.Nifti1Image, nib.Nifti1Header, ".nii", ramp("uint8"), oblique([0.3, 0.7, 0.2, -0.4]), edit=lambda h: h.set_xyzt_units(unit), unit=mm)
    add(f"nifti2 {unit}", nib.Nifti2Image, nib.Nifti2Header, ".nii", ramp("uint8"), oblique([0.3, 0.7, 0.2, -0.4]), edit=lambda h: h.set_xyzt_units(unit), unit=mm)
add("nifti2 extension", nib.Nifti2Image, nib.Nifti2Header, ".nii", ramp("uint8"), oblique([1, 0, 0, 0]), edit=lambda h: h.extensions.append(Nifti1Extension("comment", b"forty-two bytes of text in an extension...")))

for c in cases:  # a pair is opened by its header
    c["file"] = c["file"].replace(".img", ".hdr")
with open(os.path.join(FOLDER, "nibabel.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
print(len(cases), "cases")
