"""Python's side of `--resample`, `--io` and `--distance`: scipy.ndimage, scikit-image, nibabel (Debian 12). One case in this process; see ImagingBenchmark.cs."""
import json, sys, time
import numpy as np
from scipy import ndimage as ndi

name, folder = sys.argv[1:]
result = None


def load(file, *shape):
    return np.fromfile(f"{folder}/{file}.f32", np.float32).reshape(shape)


def status(field):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(field + ":"))


def mean():
    return float(result.mean(dtype=np.float64))


def surface(mask):
    return mask ^ ndi.binary_erosion(mask, ndi.generate_binary_structure(3, 1))


check = mean
spacing = (1.25, 0.7, 0.7)
if name == "refine":
    volume = load("thick", 40, 256, 256)
    work = lambda: ndi.zoom(volume, (4, 1, 1), order=3, mode="nearest", grid_mode=True)
elif name == "plane":  # slice by slice, which is faster than in 3-D and what nnU-Net does
    volume = load("large", 200, 512, 512)

    def work():
        out = np.empty((200, 384, 384), np.float32)
        for source, target in zip(volume, out):
            ndi.zoom(source, 0.75, output=target, order=3, mode="nearest", grid_mode=True)
        return out
elif name == "whole":
    volume = load("large", 200, 512, 512)
    work = lambda: ndi.zoom(volume, 0.75, order=3, mode="nearest", grid_mode=True)
elif name == "rotated":
    volume = load("thin", 160, 256, 256)
    c, s = np.cos(0.2), np.sin(0.2)
    work = lambda: ndi.affine_transform(volume, [[1, 0, 0], [0, c, s], [0, -s, c]], (3.3, -10, 20), order=3, mode="nearest")
elif name == "labels":  # nnU-Net's resize_segmentation
    from skimage.transform import resize
    volume = load("organs", 60, 256, 256)

    def work():
        out = np.zeros((100, 300, 300), np.float32)
        for label in np.unique(volume):
            out[resize((volume == label).astype(float), out.shape, 1, mode="edge", clip=True, anti_aliasing=False) >= 0.5] = label
        return out
elif name.startswith("write"):
    import nibabel, os
    volume, path = load("ct", 200, 512, 512).astype(np.int16).T, f"{folder}/python{name[5:]}"
    work = lambda: nibabel.save(nibabel.Nifti1Image(volume, np.diag([0.7, 0.7, 1.25, 1])), path)
    check = lambda: os.path.getsize(path) / 1e6
elif name.startswith("read"):
    import nibabel
    work = lambda: nibabel.load(f"{folder}/{name}").get_fdata(dtype=np.float32)
else:
    masks = load("masks", 160, 256, 256).astype(np.uint8)
    p, r = (masks & 1) > 0, (masks & 2) > 0
    if name == "edt":
        work = lambda: ndi.distance_transform_edt(~p, sampling=spacing)
    else:  # MedPy's definitions; surfaces once, as a careful user would
        def work():
            a, b = surface(p), surface(r)
            forth, back = ndi.distance_transform_edt(~b, sampling=spacing)[a], ndi.distance_transform_edt(~a, sampling=spacing)[b]
            both, overlap = np.hstack([forth, back]), np.sum(p & r)
            return dict(dice=2 * overlap / (p.sum() + r.sum()), jaccard=overlap / np.sum(p | r), hd=both.max(), hd95=np.percentile(both, 95),
                        assd=(forth.mean() + back.mean()) / 2, surface=np.mean(both <= 1), volume=(int(p.sum()) - int(r.sum())) * np.prod(spacing))
        check = lambda: result["hd95"] + result["assd"]

times = []
for i in range(3):
    result = None
    if i == 0:
        open("/proc/self/clear_refs", "w").write("5")
        before = status("VmRSS")
    start, cpu = time.perf_counter(), time.process_time()
    result = work()
    times.append((time.perf_counter() - start, time.process_time() - cpu))
    if i == 0:
        peak = status("VmHWM")
later, cpu = min(times[1:])
print(json.dumps(dict(first=times[0][0], later=later, cpu=cpu, addedMB=(peak - before) / 1024, peakMB=peak / 1024, check=float(check()))))
