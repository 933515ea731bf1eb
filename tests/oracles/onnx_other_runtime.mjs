// Runs exported models in ONNX Runtime's JavaScript package (npm: onnxruntime-node 1.30.0, node 20) and writes a hash of each file and numbers of its outputs.
// To be done anew, with the checker, whenever the exporters write other files: the test says so.
//   REHRSEG_ORACLE_DIR=/tmp/models dotnet test tests/REHRSeg.Tests -c Release --filter OtherRuntimeTests     writes the models
//   /usr/bin/python3 -c 'import onnx, sys; [onnx.checker.check_model(onnx.load(f), full_check=True) for f in sys.argv[1:]]' /tmp/models/*.onnx     Debian's python3-onnx 1.12
//   npm install onnxruntime-node@1.30.0 && node onnx_other_runtime.mjs /tmp/models > onnx_other_runtime.json
import { readFileSync, readdirSync } from "node:fs";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
const ort = createRequire(process.cwd() + "/")("onnxruntime-node");

const folder = process.argv[2], result = {};
for (const file of readdirSync(folder).filter(f => f.endsWith(".onnx")).sort()) {
  const { inputs } = JSON.parse(readFileSync(`${folder}/${file}.json`));
  const session = await ort.InferenceSession.create(`${folder}/${file}`, { executionProviders: ["cpu"] });
  const feeds = Object.fromEntries(inputs.map(({ name, dims, values }) => [name, new ort.Tensor("float32", Float32Array.from(values), dims)]));
  const outputs = await session.run(feeds);
  result[file] = { sha256: createHash("sha256").update(readFileSync(`${folder}/${file}`)).digest("hex") };
  Object.assign(result[file], Object.fromEntries(session.outputNames.filter(n => n !== "statistics").map(name => {
    const { dims, data } = outputs[name], step = Math.max(1, Math.floor(data.length / 97));
    const at = Array.from({ length: Math.ceil(data.length / step) }, (_, i) => i * step);
    return [name, { dims, step, values: at.map(i => Number(data[i].toPrecision(8))), mean: data.reduce((a, b) => a + b, 0) / data.length }];
  })));
}
console.log(JSON.stringify(result));
