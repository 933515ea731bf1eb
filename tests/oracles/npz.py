"""NumPy archives for the sample that plugs a file format in (samples/Intro/NumpyVolumeFormat.cs); written with numpy 1.24.2."""
import pathlib
import numpy as np

here = pathlib.Path(__file__).parent / "npz"
here.mkdir(exist_ok=True)
voxels = np.arange(4 * 3 * 2, dtype=np.float64).reshape(4, 3, 2) * 1.5 - 7      # [D, H, W]
place = dict(spacing=np.array([0.5, 0.75, 4]), origin=np.array([-12.5, 30, 7.25]), direction=np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0.0]]))

np.savez_compressed(here / "float32.npz", voxels=voxels.astype(np.float32), **place)
np.savez(here / "int16.npz", voxels=np.rint(voxels).astype(np.int16), **place)          # stored, not compressed
np.savez_compressed(here / "int64.npz", voxels=np.rint(voxels).astype(np.int64), spacing=[1, 2, 3])
np.savez_compressed(here / "channels.npz", voxels=np.stack([voxels, voxels + 100]), **place)
np.savez_compressed(here / "mask.npz", voxels=voxels > 0, spacing=np.float32([1, 1, 1]))
np.savez_compressed(here / "fortran.npz", voxels=np.asfortranarray(voxels), **place)
np.savez_compressed(here / "complex.npz", voxels=voxels * 1j, **place)
np.savez_compressed(here / "plane.npz", voxels=voxels[0], **place)
np.savez_compressed(here / "no_spacing.npz", voxels=voxels)
np.savez_compressed(here / "other.npz", image=voxels)
