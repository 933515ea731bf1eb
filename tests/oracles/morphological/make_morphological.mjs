// Writes morphological.json: sparse label maps and what ITK's MorphologicalContourInterpolator makes of them.
// Run: npm install @itk-wasm/morphological-contour-interpolation@2.0.0 && node make_morphological.mjs [Task04_Hippocampus]
// (node 20, from the folder that holds node_modules). Without the dataset folder the real cases of the present file are kept.
import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { fileURLToPath, pathToFileURL } from 'node:url'

const modules = path.join(process.cwd(), 'node_modules')
const pipeline = path.join(modules, '@itk-wasm/morphological-contour-interpolation/dist/pipelines/morphological-contour-interpolation')
const { runPipelineNode, InterfaceTypes } = await import(pathToFileURL(path.join(modules, 'itk-wasm/dist/index-node.js')))
const file = path.join(path.dirname(fileURLToPath(import.meta.url)), 'morphological.json')

async function itk({ size, axis, slices, input }) {
  const image = {
    imageType: { dimension: 3, componentType: 'uint16', pixelType: 'Scalar', components: 1 }, name: 'labels', metadata: new Map(),
    origin: [0, 0, 0], spacing: [1, 1, 1], direction: new Float64Array([1, 0, 0, 0, 1, 0, 0, 0, 1]), size, data: Uint16Array.from(input),
  }
  // The package's command line reads this switch the other way round: without it components are 8-connected and dilations take the 3 x 3 square;
  // with it they are 4-connected and take the cross, which are the filter's own defaults.
  const args = ['0', '0', '--memory-io', '--axis', `${axis}`, '--use-ball-structuring-element']
  if (slices) args.push('--label', '1', '--use-custom-slice-positions', '--labeled-slice-indices-axis', `${axis}`, '--labeled-slice-indices-label', '1', '--labeled-slice-indices', ...slices.map(String))
  const run = await runPipelineNode(pipeline, args, [{ type: InterfaceTypes.Image }], [{ type: InterfaceTypes.Image, data: image }])
  if (run.returnValue !== 0) throw new Error(run.stderr)
  return Uint8Array.from(run.outputs[0].data.data)
}

const pack = bytes => zlib.gzipSync(bytes, { level: 9 }).toString('base64')

// A scene on W x H planes: [slice, label, inside(u, v)] in order of painting; u is the lower of the two in-plane axes.
function scene(name, axis, [width, height, depth], shapes, slices) {
  const size = axis === 2 ? [width, height, depth] : axis === 1 ? [width, depth, height] : [depth, width, height]
  const input = new Uint8Array(width * height * depth)
  for (const [s, label, inside] of shapes)
    for (let v = 0; v < height; v++)
      for (let u = 0; u < width; u++)
        if (inside(u, v)) {
          const [x, y, z] = axis === 2 ? [u, v, s] : axis === 1 ? [u, s, v] : [s, u, v]
          input[(z * size[1] + y) * size[0] + x] = label
        }
  return { name, size, axis, slices: slices ?? null, input }
}

const ellipse = (x, y, a, b, turn = 0) => (u, v) => {
  const [c, s] = [Math.cos(turn), Math.sin(turn)], [dx, dy] = [u - x, v - y]
  return ((dx * c + dy * s) / a) ** 2 + ((dy * c - dx * s) / b) ** 2 <= 1
}
const disc = (x, y, r) => ellipse(x, y, r, r)
const box = (x, y, w, h) => (u, v) => u >= x && u < x + w && v >= y && v < y + h
const both = (a, b) => (u, v) => a(u, v) || b(u, v)
const without = (a, b) => (u, v) => a(u, v) && !b(u, v)

function random(seed) {
  let s = seed >>> 0
  return (low, high) => (s = (Math.imul(s, 1664525) + 1013904223) >>> 0, low + (high - low) * (s >>> 8) / 16777216)
}

function blobs(name, axis, size, seed, gap, labels) {
  const draw = random(seed), shapes = []
  for (let s = 0; s < size[2]; s += gap)
    for (let label = 1; label <= labels; label++)
      for (let k = 0, n = Math.floor(draw(1, 5)); k < n; k++)
        shapes.push([s, label, ellipse(draw(4, size[0] - 4), draw(4, size[1] - 4), draw(2, 11), draw(2, 9), draw(0, 3.1))])
  return scene(name, axis, size, shapes)
}

const plane = [48, 40]
const synthetic = [
  scene('one to one', 2, [...plane, 9], [[0, 1, ellipse(18, 18, 12, 7, 0.4)], [8, 1, ellipse(21, 21, 6, 11, 0.2)]]),
  scene('translation, both odd', 2, [...plane, 8], [[0, 1, ellipse(14, 12, 9, 7)], [7, 1, ellipse(23, 19, 9, 7)]]),
  scene('translation, one odd, gap of 3', 1, [...plane, 10], [[0, 1, box(6, 6, 14, 9)], [3, 1, box(13, 10, 14, 9)], [6, 1, box(18, 8, 12, 9)], [9, 1, disc(28, 15, 6)]]),
  scene('one to three', 2, [...plane, 7], [[0, 1, ellipse(23, 20, 19, 12)], [6, 1, disc(11, 18, 5)], [6, 1, disc(25, 27, 6)], [6, 1, disc(36, 14, 4)]]),
  scene('two to one', 0, [...plane, 6], [[0, 1, disc(13, 15, 7)], [0, 1, disc(33, 24, 8)], [5, 1, ellipse(23, 20, 20, 10, 0.3)]]),
  scene('many to many', 2, [...plane, 9], [[0, 1, box(5, 8, 36, 7)], [0, 1, box(5, 24, 36, 7)], [8, 1, box(9, 4, 7, 32)], [8, 1, box(28, 4, 9, 32)]]),
  scene('splits and merges', 2, [...plane, 9], [[0, 1, box(4, 6, 20, 10)], [0, 1, box(28, 6, 14, 10)], [8, 1, box(16, 8, 20, 12)], [8, 1, box(5, 8, 7, 12)]]),
  scene('merges and splits', 2, [...plane, 9], [[0, 1, box(16, 8, 20, 12)], [0, 1, box(5, 8, 7, 12)], [8, 1, box(4, 6, 20, 10)], [8, 1, box(28, 6, 14, 10)]]),
  scene('ends on both sides', 2, [...plane, 9], [[0, 1, disc(12, 12, 8)], [8, 1, disc(34, 28, 8)]]),
  scene('ends, concave', 2, [...plane, 9], [[0, 1, without(disc(16, 20, 13), disc(20, 20, 9))], [0, 1, disc(40, 8, 4)], [8, 1, disc(40, 9, 5)]]),
  scene('holes', 2, [...plane, 13], [[0, 1, without(disc(20, 20, 14), disc(20, 20, 6))], [6, 1, without(disc(24, 20, 14), disc(26, 22, 8))], [12, 1, disc(24, 20, 10)]]),
  scene('three classes, slices of their own', 2, [...plane, 16], [
    [0, 1, disc(16, 16, 10)], [5, 1, disc(20, 18, 9)], [15, 1, disc(24, 18, 12)],
    [0, 2, disc(30, 20, 7)], [10, 2, disc(24, 22, 8)], [15, 2, disc(26, 22, 5)],
    [5, 5, ellipse(28, 30, 8, 5)], [10, 5, ellipse(20, 30, 12, 5, 0.3)]]),
  scene('at the border', 2, [...plane, 9], [[0, 1, disc(2, 3, 9)], [8, 1, disc(8, 12, 9)], [0, 2, box(36, 28, 12, 12)], [8, 2, box(24, 24, 14, 16)]]),
  scene('given slices with absence and single voxels', 2, [...plane, 17], [
    [0, 1, disc(20, 16, 9)], [8, 1, disc(22, 18, 7)], [8, 1, box(40, 30, 1, 1)], [12, 1, both(disc(23, 18, 5), box(41, 31, 1, 2))]], [0, 4, 8, 12, 16]),
  blobs('blobs, axis x', 0, [44, 36, 13], 11, 4, 2), blobs('blobs, axis y', 1, [44, 36, 16], 12, 5, 2), blobs('blobs, axis z', 2, [44, 36, 13], 13, 3, 3),
  blobs('blobs, gap of 8', 2, [44, 36, 25], 14, 8, 1), blobs('blobs, wide plane', 2, [90, 70, 13], 15, 6, 2),
]

// Every r-th coronal slice of both labels of a NIfTI file, cut to the labels' box and a margin of 2.
function hippocampus(folder, id, factor) {
  const bytes = zlib.gunzipSync(fs.readFileSync(path.join(folder, 'labelsTr', `hippocampus_${id}.nii.gz`)))
  const [w, h, d] = [42, 44, 46].map(at => bytes.readInt16LE(at))
  const [read, width] = { 2: ['readUInt8', 1], 256: ['readInt8', 1], 4: ['readInt16LE', 2], 8: ['readInt32LE', 4], 16: ['readFloatLE', 4], 64: ['readDoubleLE', 8] }[bytes.readInt16LE(70)]
  const at = (x, y, z) => x < 0 || y < 0 || z < 0 || x >= w || y >= h || z >= d ? 0 : bytes[read](bytes.readFloatLE(108) + width * ((z * h + y) * w + x))
  const [low, high] = [[w, h, d], [-1, -1, -1]]
  for (let z = 0; z < d; z++) for (let y = 0; y < h; y++) for (let x = 0; x < w; x++)
    if (at(x, y, z)) [x, y, z].forEach((c, a) => { low[a] = Math.min(low[a], c); high[a] = Math.max(high[a], c) })
  const first = low.map(c => c - 2), size = high.map((c, a) => c - first[a] + 3), input = new Uint8Array(size[0] * size[1] * size[2])
  for (let z = 0, i = 0; z < size[2]; z++) for (let y = 0; y < size[1]; y++) for (let x = 0; x < size[0]; x++, i++)
    if (y % factor === 2 % factor) input[i] = at(first[0] + x, first[1] + y, first[2] + z)
  return { name: `hippocampus_${id}, r = ${factor}`, size, axis: 1, slices: null, input }
}

const folder = process.argv[2]
const kept = folder ? [] : JSON.parse(fs.readFileSync(file)).filter(c => c.name.startsWith('hippocampus'))
const real = folder ? [['001', 3], ['003', 4], ['004', 5], ['019', 4], ['033', 3], ['041', 5]].map(([id, r]) => hippocampus(folder, id, r)) : []
const result = []
for (const c of [...synthetic, ...real]) result.push({ ...c, input: pack(c.input), output: pack(await itk(c)) })
fs.writeFileSync(file, '[\n' + [...result, ...kept].map(c => JSON.stringify(c)).join(',\n') + '\n]\n')
console.log(file, fs.statSync(file).size, result.map(c => c.name).join('; '))
