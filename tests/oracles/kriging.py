"""Prints the weights of SubSliceInterpolationTests: universal kriging (variogram |d|, drift 1 and z) of thin slices from 4 thick ones, r = 4, Gaussian profile of FWHM 4."""
import numpy as np
r, slices = 4, np.arange(-1, 3)
sigma = r / (2 * np.sqrt(2 * np.log(2)))
taps = np.arange(-6, 6) + 0.5
profile = np.exp(-0.5 * (taps / sigma) ** 2)
profile /= profile.sum()
positions = r * slices[:, None] + (r - 1) / 2 + taps
pairs = np.abs(positions[:, None, :, None] - positions[None, :, None, :])
system = np.zeros((6, 6))
system[:4, :4] = -np.einsum("i,j,abij->ab", profile, profile, pairs)
system[:4, 4] = system[4, :4] = 1
system[:4, 5] = system[5, :4] = slices
for thin in range(r):
    right = np.append(-np.abs(positions - thin) @ profile, [1, (thin - 1.5) / r])
    print(", ".join(f"{w:.5f}f" for w in np.linalg.solve(system, right)[:4]))
