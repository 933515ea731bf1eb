// Reads with ITK every file that WrittenFilesTests kept (but for NIfTI-2, which this build of ITK does not read, whoever wrote it), compares voxels and geometry with expected.json, and notes the verified names in itk_reads.json.
// Run: REHRSEG_KEEP_WRITTEN_FILES=FOLDER dotnet test tests/REHRSeg.Imaging.Tests --filter WrittenFiles
//      npm install @itk-wasm/image-io@1.6.1 && node check_written.mjs FOLDER && /usr/bin/python3 check_written.py FOLDER
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const io = await import(pathToFileURL(path.join(process.cwd(), 'node_modules/@itk-wasm/image-io/dist/index-node.js')))
const folder = process.argv[2], verified = [], problems = []
for (const e of JSON.parse(fs.readFileSync(path.join(folder, 'expected.json'))).filter(e => !e.name.startsWith('nifti2'))) {
  const read = /\.(nii|hdr)(\.gz)?$/.test(e.name) ? io.niftiReadImageNode : /\.(nrrd|nhdr)$/.test(e.name) ? io.nrrdReadImageNode : io.metaReadImageNode
  const different = []
  const close = (what, a, b, tolerance) => { if (!a || a.length !== b.length || [...a].some((v, i) => !(Math.abs(Number(v) - b[i]) <= tolerance * Math.max(1, Math.abs(b[i]))))) different.push(`${what} ${a && [...a]} instead of ${b}`) }
  let image
  try { image = (await read(path.join(folder, e.name))).image } catch (error) { problems.push(`${e.name}: ${`${error.message ?? error}`.slice(0, 200)}`); continue }
  if (!image) { problems.push(`${e.name}: not read`); continue }
  const vector = image.imageType.components > 1, four = image.imageType.dimension === 4
  close('size', image.size.slice(0, 3), e.size, 0)
  close('spacing', image.spacing.slice(0, 3), e.spacing, 1e-5)
  close('origin', image.origin.slice(0, 3), e.origin, 1e-5)
  close('direction', four ? [0, 1, 2, 4, 5, 6, 8, 9, 10].map(i => image.direction[i]) : image.direction, e.direction, 2e-5)
  const n = e.size[0] * e.size[1] * e.size[2]
  close('voxels', vector ? Array.from({ length: e.values.length }, (_, i) => image.data[(i % n) * e.channels + Math.floor(i / n)]) : image.data, e.values, 0)
  if (different.length) problems.push(`${e.name}: ${different.join('; ')}`)
  else verified.push(e.name)
}
fs.writeFileSync(path.join(folder, 'itk_reads.json'), JSON.stringify(verified))
console.log(verified.length, 'files read alike by ITK;', problems.length, 'not')
for (const p of problems) console.log(p)
process.exit(problems.length ? 1 : 0)
