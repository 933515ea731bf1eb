// Volumes as the page embeds them (.nii.gz of one byte a voxel), read and brought onto one grid. Positions are NIfTI's: x to the right, y to anterior, z to superior.

const niftiHeaderBytes = 352;

async function inflate(base64) {
  const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

function readNifti(buffer) {
  const view = new DataView(buffer);
  const size = [42, 44, 46].map(offset => view.getInt16(offset, true));
  const affine = [280, 296, 312].map(row => [0, 4, 8, 12].map(column => view.getFloat32(row + column, true)));
  return { header: new Uint8Array(buffer, 0, niftiHeaderBytes), size, affine, voxels: new Uint8Array(buffer, niftiHeaderBytes, size[0] * size[1] * size[2]) };
}

function writeNifti(grid, voxels) {
  const bytes = new Uint8Array(niftiHeaderBytes + voxels.length);
  bytes.set(grid.header);
  bytes.set(voxels, niftiHeaderBytes);
  return bytes.buffer;
}

/** Index of a volume from a position: the inverse of its affine, row by row. */
function inverse([[a, b, c, x], [d, e, f, y], [g, h, i, z]]) {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const rows = [[e * i - f * h, c * h - b * i, b * f - c * e], [f * g - d * i, a * i - c * g, c * d - a * f], [d * h - e * g, b * g - a * h, a * e - b * d]];
  return rows.map(row => row.map(value => value / determinant)).map(([u, v, w]) => [u, v, w, -(u * x + v * y + w * z)]);
}

const applied = (affine, [x, y, z]) => affine.map(([u, v, w, t]) => u * x + v * y + w * z + t);

/** Indices of `volume` for each voxel of `grid`: index of the first voxel and what a step along each of the grid's axes adds. */
function indexMap(volume, grid) {
  const toIndex = inverse(volume.affine);
  const column = c => grid.affine.map(row => row[c]);
  const rotated = vector => toIndex.map(([u, v, w]) => u * vector[0] + v * vector[1] + w * vector[2]);
  return { first: applied(toIndex, column(3)), steps: [0, 1, 2].map(axis => rotated(column(axis))) };
}

/** The volume's values at the voxels of a grid: of the nearest voxel, or trilinear. Zero outside of the volume. */
function onGrid(volume, grid, linear) {
  const { first, steps: [sx, sy, sz] } = indexMap(volume, grid), [width, height, depth] = grid.size;
  const result = new Uint8Array(width * height * depth), sample = linear ? trilinear : nearest;
  for (let z = 0, to = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        result[to++] = sample(volume, first[0] + x * sx[0] + y * sy[0] + z * sz[0], first[1] + x * sx[1] + y * sy[1] + z * sz[1], first[2] + x * sx[2] + y * sy[2] + z * sz[2]);
  return result;
}

function nearest({ size: [width, height, depth], voxels }, x, y, z) {
  const i = Math.round(x), j = Math.round(y), k = Math.round(z);
  return i < 0 || j < 0 || k < 0 || i >= width || j >= height || k >= depth ? 0 : voxels[(k * height + j) * width + i];
}

function trilinear({ size: [width, height, depth], voxels }, x, y, z) {
  if (x < -0.5 || y < -0.5 || z < -0.5 || x > width - 0.5 || y > height - 0.5 || z > depth - 0.5) return 0;
  const ends = (index, length) => {
    const inside = Math.min(Math.max(index, 0), length - 1), low = Math.min(Math.floor(inside), Math.max(length - 2, 0));
    return [low, Math.min(low + 1, length - 1), inside - low];
  };
  const [i0, i1, u] = ends(x, width), [j0, j1, v] = ends(y, height), [k0, k1, w] = ends(z, depth);
  const row = (j, k) => (1 - u) * voxels[(k * height + j) * width + i0] + u * voxels[(k * height + j) * width + i1];
  return Math.round((1 - w) * ((1 - v) * row(j0, k0) + v * row(j1, k0)) + w * ((1 - v) * row(j0, k1) + v * row(j1, k1)));
}

/** Keeps the voxels of a label map that touch another label across a face. */
function outlined(labels, [width, height, depth]) {
  const result = new Uint8Array(labels.length), plane = width * height;
  for (let z = 0, i = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, i++) {
        const here = labels[i];
        if (here === 0) continue;
        const inside = x > 0 && y > 0 && z > 0 && x < width - 1 && y < height - 1 && z < depth - 1
          && labels[i - 1] === here && labels[i + 1] === here && labels[i - width] === here && labels[i + width] === here && labels[i - plane] === here && labels[i + plane] === here;
        if (!inside) result[i] = here;
      }
  return result;
}

/** The value at a position, or null outside. */
function valueAt(volume, position) {
  const [x, y, z] = applied(inverse(volume.affine), position).map(Math.round);
  return x < 0 || y < 0 || z < 0 || x >= volume.size[0] || y >= volume.size[1] || z >= volume.size[2] ? null : volume.voxels[(z * volume.size[1] + y) * volume.size[0] + x];
}

/** The position in the middle of a label map's foreground voxel that is nearest to their mean; null if there is none. */
function foregroundCentre({ size: [width, height], affine, voxels }) {
  const indices = [];
  voxels.forEach((value, i) => { if (value > 0) indices.push([i % width, Math.floor(i / width) % height, Math.floor(i / (width * height))]); });
  if (indices.length === 0) return null;
  const mean = [0, 1, 2].map(axis => indices.reduce((sum, index) => sum + index[axis], 0) / indices.length);
  const distance = index => index.reduce((sum, value, axis) => sum + (value - mean[axis]) ** 2, 0);
  return applied(affine, indices.reduce((best, index) => distance(index) < distance(best) ? index : best));
}
