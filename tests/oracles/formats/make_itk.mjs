// Writes itk.json: small volumes as ITK writes them in NIfTI, NRRD and MetaImage, and the geometry (LPS) and voxels that were given to ITK and that
// ITK itself reads back. Run: npm install @itk-wasm/image-io@1.6.1 && node make_itk.mjs
// (node 20, from the folder that holds node_modules).
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { fileURLToPath, pathToFileURL } from 'node:url'

const io = await import(pathToFileURL(path.join(process.cwd(), 'node_modules/@itk-wasm/image-io/dist/index-node.js')))
const target = path.join(path.dirname(fileURLToPath(import.meta.url)), 'itk.json')
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'make-itk-'))
const formats = { nii: ['niftiWriteImageNode', 'niftiReadImageNode'], 'nii.gz': ['niftiWriteImageNode', 'niftiReadImageNode'], hdr: ['niftiWriteImageNode', 'niftiReadImageNode'],
  nrrd: ['nrrdWriteImageNode', 'nrrdReadImageNode'], nhdr: ['nrrdWriteImageNode', 'nrrdReadImageNode'], mha: ['metaWriteImageNode', 'metaReadImageNode'], mhd: ['metaWriteImageNode', 'metaReadImageNode'] }
const arrays = { uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array, uint32: Uint32Array, int32: Int32Array, uint64: BigUint64Array, int64: BigInt64Array, float32: Float32Array, float64: Float64Array }

function values(type, count) {
  const low = { uint8: 0, int8: -128, uint16: 0, int16: -32768, uint32: 0, int32: -2147483648, uint64: 0, int64: -(2 ** 53), float32: -1000.5, float64: -1e30 }[type]
  const high = { uint8: 255, int8: 127, uint16: 65535, int16: 32767, uint32: 4294967295, int32: 2147483647, uint64: 2 ** 53, int64: 2 ** 53, float32: 1234.25, float64: 1e30 }[type]
  const whole = !type.startsWith('float')
  return Array.from({ length: count }, (_, i) => { const v = low + (high - low) * (i * 7 % count) / (count - 1); return whole ? Math.round(v) : v })
}

function rotation(a, b, c) {
  const [ca, sa, cb, sb, cc, sc] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b), Math.cos(c), Math.sin(c)]
  return [ca * cb, ca * sb * sc - sa * cc, ca * sb * cc + sa * sc, sa * cb, sa * sb * sc + ca * cc, sa * sb * cc - ca * sc, -sb, cb * sc, cb * cc]
}

function permutation(order, signs) { // column a is the unit vector order[a], with its sign
  const m = new Array(9).fill(0)
  order.forEach((row, a) => { m[3 * row + a] = signs[a] })
  return m
}

const cases = []
const add = (name, ending, o) => cases.push({ name, ending, type: 'uint8', size: [2, 3, 4], spacing: [1.25, 0.75, 3.5], origin: [-20.5, 13.25, 7], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1], components: 1, compress: false, ...o })
const main = ['nii', 'nrrd', 'mha']
for (const ending of main) for (const type of Object.keys(arrays)) add(`type ${type}`, ending, { type, compress: type.endsWith('16') || type === 'float64', direction: rotation(0.1, -0.2, 0.3) })
for (const order of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
  for (let s = 0; s < 8; s++) {
    const signs = [0, 1, 2].map(a => s >> a & 1 ? -1 : 1)
    for (const ending of main) add(`axes ${order.join('')} ${signs.map(v => v < 0 ? '-' : '+').join('')}`, ending, { direction: permutation(order, signs) })
  }
for (const [i, angles] of [[0.4, 0.2, -0.7], [2.1, -1.3, 0.9], [-2.8, 0.05, 3.0], [0.001, -0.002, 0.0005]].entries())
  for (const ending of main) add(`oblique ${i}`, ending, { direction: rotation(...angles) })
for (const ending of ['nii.gz', 'hdr', 'nhdr', 'mhd']) for (const compress of [false, true]) add(`ending ${compress ? 'compressed' : 'plain'}`, ending, { type: 'int16', direction: rotation(0.4, 0.2, -0.7), compress })
for (const ending of ['nrrd', 'mha']) for (const compress of [false, true]) add(`components ${compress ? 'compressed' : 'plain'}`, ending, { type: 'float32', components: 3, compress, direction: rotation(2.1, -1.3, 0.9) })

const result = []
for (const [index, c] of cases.entries()) {
  const { name, ending, type, size, spacing, origin, direction, components, compress } = c
  const given = values(type, size[0] * size[1] * size[2] * components), big = type.endsWith('64') && !type.startsWith('float')
  const image = { imageType: { dimension: 3, componentType: type, pixelType: components > 1 ? 'Vector' : 'Scalar', components }, name: 'image', metadata: new Map(), origin, spacing, size,
    direction: new Float64Array(direction), data: big ? arrays[type].from(given.map(BigInt)) : arrays[type].from(given) }
  const file = path.join(folder, `c${index}.${ending}`)
  const { couldWrite } = await io[formats[ending][0]](image, file, { useCompression: compress })
  if (!couldWrite) throw new Error(`${name} ${ending} was not written`)
  const { image: back } = await io[formats[ending][1]](file)
  const close = (a, b, what) => { if (a.length !== b.length || [...a].some((v, i) => Math.abs(Number(v) - Number(b[i])) > 1e-5 * Math.max(1, Math.abs(Number(b[i]))))) throw new Error(`${name} ${ending}: ITK reads ${what} ${[...a]} instead of ${[...b]}`) }
  close(back.spacing, spacing, 'spacing'); close(back.origin, origin, 'origin'); close(back.direction, direction, 'direction'); close(back.data, image.data, 'voxels'); close(back.size, size, 'size')
  const files = {}
  for (const f of fs.readdirSync(folder)) { files[f] = zlib.deflateRawSync(fs.readFileSync(path.join(folder, f)), { level: 9 }).toString('base64'); fs.rmSync(path.join(folder, f)) }
  result.push({ name: `${name} ${ending}`, file: `c${index}.${ending}`, size, spacing, origin, direction, channels: components, values: given.map(v => Math.fround(v)), files })
}
fs.rmSync(folder, { recursive: true })
fs.writeFileSync(target, '[\n' + result.map(c => JSON.stringify(c)).join(',\n') + '\n]\n')
console.log(target, result.length, 'cases', fs.statSync(target).size, 'bytes')
process.exit(0)
