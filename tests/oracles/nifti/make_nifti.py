"""Writes the NIfTI-1 files of this folder with nibabel (5.0.0), and expected.json: per file its values (x fastest) as nibabel
reads them and its geometry in LPS. Run with: /usr/bin/python3 make_nifti.py"""
import json
import os

import nibabel as nib
import numpy as np
from nibabel.nifti1 import Nifti1Extension
from nibabel.quaternions import quat2mat

FOLDER = os.path.dirname(os.path.abspath(__file__))
SHAPE = (3, 4, 5)
rng = np.random.default_rng(7)
expected = {}


def lps(affine):
    m = np.diag([-1, -1, 1]) @ affine[:3]
    spacing = np.linalg.norm(m[:, :3], axis=0)
    return {"spacing": spacing.tolist(), "origin": m[:, 3].tolist(), "direction": (m[:, :3] / spacing).ravel().tolist()}


def save(name, data, sform=None, qform=None, endian="<", slope=None, inter=0.0, edit=None, codes=(1, 1), zooms=(1.25, 0.75, 3.5)):
    header = nib.Nifti1Header(endianness=endian)
    header.set_data_dtype(data.dtype.newbyteorder(endian))
    header.set_data_shape(data.shape)
    header.set_zooms(tuple(zooms) + (1,) * (data.ndim - 3))
    if qform is not None:
        header.set_qform(qform, code=codes[1], strip_shears=False)
    if sform is not None:
        header.set_sform(sform, code=codes[0])
    if edit:
        edit(header)
    image = nib.Nifti1Image(data, None, header=header)
    if slope is not None:
        image.header.set_slope_inter(slope, inter)
        raw = data  # stored as they are, scaled by the reader
        header = image.header.copy()
        header["vox_offset"] = 352
        header["magic"] = b"n+1"
        content = header.binaryblock + bytes(4) + raw.astype(data.dtype.newbyteorder(endian)).tobytes(order="F")
        with open(os.path.join(FOLDER, name), "wb") as f:
            f.write(content)
    else:
        nib.save(image, os.path.join(FOLDER, name))
    back = nib.load(os.path.join(FOLDER, name))
    values = np.asarray(back.dataobj, dtype=np.float64)
    expected[name] = {"size": list(values.shape[:3]), "channels": int(np.prod(values.shape[3:])), **lps(back.affine),
                      "values": [float(np.float32(v)) for v in values.ravel(order="F")]}


def ramp(dtype):
    n = int(np.prod(SHAPE))
    if np.dtype(dtype).kind == "f":
        values = rng.normal(0, 1000, n)
    else:
        info = np.iinfo(dtype)
        values = np.array([info.min + (int(info.max) - int(info.min)) * i // (n - 1) for i in range(n)], dtype=object)
    return np.array(values, dtype=dtype).reshape(SHAPE, order="F")


affine = np.array([[1.25, 0, 0, -20.5], [0, 0.75, 0, 13.25], [0, 0, 3.5, 7], [0, 0, 0, 1]])
for i, dtype in enumerate(["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]):
    for endian, word in (("<", "le"), (">", "be")):
        save(f"type_{dtype}_{word}.nii" + (".gz" if (i + (endian == ">")) % 2 else ""), ramp(dtype), affine, affine, endian)

save("scaled_int16_le.nii", ramp("int16"), affine, affine, slope=0.0125, inter=-300.5)
save("scaled_uint8_be.nii", ramp("uint8"), affine, affine, ">", slope=2.5, inter=10)
save("scaled_int32_le.nii", ramp("int32"), affine, affine, slope=1e-6, inter=4)
save("scaled_float32_be.nii", ramp("float32"), affine, affine, ">", slope=-0.5, inter=1)
save("scaled_slope_zero.nii", ramp("int16"), affine, affine, slope=1, edit=None)
raw = bytearray(open(os.path.join(FOLDER, "scaled_slope_zero.nii"), "rb").read())
raw[112:120] = np.array([0, 55], "<f4").tobytes()
open(os.path.join(FOLDER, "scaled_slope_zero.nii"), "wb").write(raw)
expected["scaled_slope_zero.nii"]["values"] = np.asarray(nib.load(os.path.join(FOLDER, "scaled_slope_zero.nii")).dataobj, dtype=float).ravel(order="F").tolist()

small = ramp("uint8")


def rotated(quaternion, zooms=(1.25, 0.75, 3.5), flip=1):
    m = np.eye(4)
    q = np.array(quaternion) / np.linalg.norm(quaternion)
    m[:3, :3] = quat2mat(q) @ np.diag([zooms[0], zooms[1], zooms[2] * flip])
    m[:3, 3] = [-31.5, 22.25, 5.125]
    return m


oblique, oblique2 = rotated([0.9, 0.1, -0.3, 0.25]), rotated([0.3, 0.7, 0.2, -0.4])
save("form_sform_only.nii", small, sform=oblique)
save("form_qform_only.nii", small, qform=oblique)
save("form_qform_only_left_handed.nii.gz", small, qform=rotated([0.8, -0.2, 0.4, 0.1], flip=-1))
save("form_both_differ.nii", small, sform=oblique, qform=oblique2)
save("form_qform_code_2_sform_0.nii", small, sform=oblique, qform=oblique2, codes=(0, 2))
save("form_neither.nii", small)
save("form_half_turn_x.nii", small, qform=rotated([0, 1, 0, 0]))
save("form_half_turn_z.nii", small, qform=rotated([0, 0, 0, 1]))
save("form_big_endian_oblique.nii.gz", small, sform=oblique2, endian=">")
for order in ([0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]):
    for signs in ([1, 1, 1], [-1, 1, -1]):
        m = np.eye(4)
        m[:3, :3] = np.eye(3)[:, order] @ np.diag(np.array(signs) * [1.25, 0.75, 3.5])
        m[:3, 3] = [4, -5, 6]
        save(f"axes_{''.join(map(str, order))}_{''.join('+' if s > 0 else '-' for s in signs).replace('+', 'p').replace('-', 'm')}.nii", small, m, m)

save("channels_4d.nii.gz", rng.integers(0, 99, SHAPE + (2,)).astype("int16"), affine, affine)
save("channels_5d.nii.gz", rng.integers(0, 99, SHAPE + (1, 3)).astype("int16"), affine, affine)
save("plane_2d.nii", rng.integers(0, 99, (3, 4, 1)).astype("int16"), affine, affine)
extended = nib.Nifti1Image(small, affine)
extended.header.extensions.append(Nifti1Extension("comment", b"forty-two bytes of text in an extension..."))
nib.save(extended, os.path.join(FOLDER, "extension.nii.gz"))
expected["extension.nii.gz"] = {"size": list(SHAPE), "channels": 1, **lps(affine), "values": small.ravel(order="F").astype(float).tolist()}

with open(os.path.join(FOLDER, "expected.json"), "w") as f:
    f.write("{\n" + ",\n".join(f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'))}" for name, value in expected.items()) + "\n}\n")
