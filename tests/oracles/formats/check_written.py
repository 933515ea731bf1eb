"""Reads with nibabel (5.0.0) every NIfTI file that WrittenFilesTests kept, compares voxels and geometry with expected.json, and, if ITK has read all
files alike (check_written.mjs), puts their hashes into written.json. Run with: /usr/bin/python3 check_written.py FOLDER"""
import json
import os
import shutil
import sys

import nibabel as nib
import numpy as np

folder = sys.argv[1]
itk = set(json.load(open(os.path.join(folder, "itk_reads.json"))))
seen = 0
for e in json.load(open(os.path.join(folder, "expected.json"))):
    name = e["name"]
    assert name in itk or name.startswith("nifti2"), f"{name}: ITK did not read it alike"
    if not name.replace(".gz", "").endswith((".nii", ".hdr")):
        continue
    path = os.path.join(folder, name)
    image = nib.load(path)
    assert type(image.header).__name__.startswith("Nifti2") == name.startswith("nifti2"), name
    direction, spacing = np.array(e["direction"]).reshape(3, 3), np.array(e["spacing"])
    affine = np.diag([-1, -1, 1, 1]) @ np.block([[direction * spacing, np.array(e["origin"])[:, None]], [np.zeros((1, 3)), 1]])
    tolerance = 1e-12 if name.startswith("nifti2") else 1e-5  # of a header in doubles, in floats; mm
    assert np.allclose(image.affine, affine, rtol=0, atol=tolerance), (name, image.affine, affine)
    assert np.allclose(image.get_sform(), affine, rtol=0, atol=tolerance), (name, image.get_sform(), affine)
    # Near a half turn (oblique_3) the floats of NIfTI-1's quaternion resolve 2e-4 rad; nibabel computes with floats everywhere.
    assert np.allclose(image.get_qform(), affine, rtol=0, atol=1e-3), (name, image.get_qform(), affine)
    assert image.header["sform_code"] == image.header["qform_code"] == 1, name
    values = np.asarray(image.dataobj)
    assert np.array_equal(values.ravel(order="F").astype(float), e["values"]), name
    if not name.endswith(".gz"):
        header = open(path, "rb").read(540 if name.startswith("nifti2") else 348)
        report = type(image.header).diagnose_binaryblock(header)
        assert report == "", (name, report)
    seen += 1
shutil.copy(os.path.join(folder, "hashes.json"), os.path.join(os.path.dirname(os.path.abspath(__file__)), "written.json"))
print(seen, "files read alike by nibabel; written.json is up to date")
