"""Reads with nibabel the file that VolumeFileTests writes, and compares data, sform and qform. Run with:
REHRSEG_KEEP_WRITTEN=/tmp/x.nii dotnet test tests/REHRSeg.Imaging.Tests --filter A_written_file_is
/usr/bin/python3 check_written.py /tmp/x.nii"""
import hashlib
import sys

import nibabel as nib
import numpy as np

image = nib.load(sys.argv[1])
lps = np.array([[0, 0, 4, -12.5], [0.5, 0, 0, 30], [0, 0.75, 0, 7.25], [0, 0, 0, 1]])  # direction * spacing, origin
affine = np.diag([-1, -1, 1, 1]) @ lps
assert image.header["sform_code"] == image.header["qform_code"] == 1
assert np.allclose(image.affine, affine, atol=1e-5), image.affine
assert np.allclose(image.get_qform(), affine, atol=1e-5), image.get_qform()
assert np.allclose(image.header.get_zooms(), (0.5, 0.75, 4))
assert image.header.get_xyzt_units() == ("mm", "sec") and image.get_data_dtype() == "<f4"
assert np.array_equal(np.asarray(image.dataobj), (np.arange(24) * 1.5 - 7).reshape(2, 3, 4, order="F"))
report = nib.Nifti1Header.diagnose_binaryblock(open(sys.argv[1], "rb").read(348))
assert report == "", report
print("nibabel agrees; sha256", hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest().upper())
