// What NiiVue draws: one base image and any overlays of a case, all on the case's finest grid, so that thick slices and thin labels lie exactly on each other.

const views = { multiplanar: { slices: 3 }, axial: { slices: 0 }, coronal: { slices: 1 }, sagittal: { slices: 2 }, render: { slices: 4 }, labels: { slices: 4, imageOpacity: 0 } };
// Transparent up to a quarter of the range: nearly all of a volume is certain.
const heat = { R: [0, 87, 187, 249, 252], G: [0, 16, 55, 142, 255], B: [4, 110, 84, 9, 164], A: [0, 0, 128, 208, 255], I: [0, 64, 128, 192, 255] };
const heatGradient = `linear-gradient(to right, ${heat.I.map((at, i) => `rgba(${heat.R[i]}, ${heat.G[i]}, ${heat.B[i]}, ${heat.A[i] / 255}) ${at / 2.55}%`)})`;

class Scene {
  #niivue; #library; #case; #volumes; #grid; #outlines = 0; #centre; #imageOpacity = 1; #prepared = new Map();

  static async create(library, canvas, onLocation) {
    const scene = new Scene();
    scene.#library = library;
    scene.#niivue = new library.Niivue({
      logLevel: "silent", loadingText: "", dragAndDropEnabled: false, viewModeHotKey: "", clipPlaneHotKey: "", cycleClipPlaneHotKey: "", isResizeCanvas: true, backColor: [0, 0, 0, 1],
      crosshairColor: [1, 1, 1, 0.7], crosshairWidth: 0.5, crosshairWidthUnit: "percent", crosshairGap: 3, fontColor: [1, 1, 1, 1], fontMinPx: 15, multiplanarLayout: 2, multiplanarShowRender: 1, isNearestInterpolation: true,
      showLegend: false, isColorbar: false, show3Dcrosshair: false, showAllOrientationMarkers: true, isOrientCube: true, dragMode: 1,
    });
    await scene.#niivue.attachToCanvas(canvas, false);
    await scene.#niivue.setVolumeRenderIllumination(0.4);
    scene.#niivue.addColormap("uncertainty", heat);
    scene.#niivue.onLocationChange = location => onLocation(scene.describe([...location.mm].slice(0, 3)));
    return scene;
  }

  /** Reads a case's volumes. `base64(index)` gives each as the page embeds it. */
  async open(description, base64) {
    this.#volumes = await Promise.all(description.volumes.map(async (_, index) => readNifti(await inflate(base64(index)))));
    this.#case = description;
    const voxel = ({ affine: [[a, b, c], [d, e, f], [g, h, i]] }) => Math.abs(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g));
    this.#grid = this.#volumes.reduce((finest, volume) => voxel(volume) < voxel(finest) ? volume : finest);
    this.#prepared.clear();
    const label = description.volumes.findIndex(({ role, shown }) => role === "label" && shown);
    this.#centre = label < 0 ? null : foregroundCentre(this.#volumes[label]);
  }

  /** Draws volume `base` and the overlays ({ index, outline }) in order, outlines last and opaque. */
  async show({ base, overlays, opacity, nearest }) {
    const niivue = this.#niivue;
    niivue.opts.isNearestInterpolation = nearest;
    const images = [await this.#image(base, false, !nearest, this.#imageOpacity)];
    this.#outlines = overlays.filter(({ outline }) => outline).length;
    for (const { index, outline } of overlays.toSorted((a, b) => a.outline - b.outline)) images.push(await this.#image(index, outline, !nearest, outline ? 1 : opacity));
    niivue.volumes = [];
    for (const image of images) niivue.addVolume(image);
    niivue.setInterpolation(nearest);
    if (this.#centre) niivue.scene.crosshairPos = niivue.mm2frac(this.#centre);
    this.#centre = null;
    niivue.drawScene();
    niivue.createOnLocationChange();
  }

  async #image(index, outline, linear, opacity) {
    const { role } = this.#case.volumes[index], smooth = linear && role !== "label", key = `${index} ${outline} ${smooth}`;
    if (!this.#prepared.has(key)) {
      const voxels = onGrid(this.#volumes[index], this.#grid, smooth);
      this.#prepared.set(key, writeNifti(this.#grid, outline ? outlined(voxels, this.#grid.size) : voxels));
    }
    const colours = { image: "gray", uncertainty: "uncertainty", label: "" }[role];
    const image = await this.#library.NVImage.new(this.#prepared.get(key), `${index}.nii`, colours, opacity, null, role === "uncertainty" ? 1 : 0, 255);
    if (role === "label") image.setColormapLabel(this.#labelColours());
    return image;
  }

  #labelColours() {
    const classes = [{ value: 0, name: "", colour: [0, 0, 0] }, ...this.#case.labels];
    const channel = c => classes.map(({ colour }) => colour[c]);
    return { R: channel(0), G: channel(1), B: channel(2), A: classes.map(({ value }) => value === 0 ? 0 : 255), I: classes.map(({ value }) => value), labels: classes.map(({ name }) => name) };
  }

  setOpacity(opacity) {
    for (let layer = 1; layer < this.#niivue.volumes.length - this.#outlines; layer++) this.#niivue.setOpacity(layer, opacity);
  }

  setView(name) {
    const { slices, imageOpacity = 1 } = views[name];
    this.#imageOpacity = imageOpacity;
    if (this.#niivue.volumes.length > 0) this.#niivue.setOpacity(0, imageOpacity);
    this.#niivue.setSliceType(slices);
  }

  setRadiological(on) { this.#niivue.setRadiologicalConvention(on); }
  move(x, y, z) { this.#niivue.moveCrosshairInVox(x, y, z); }
  turn(azimuth, elevation) { this.#niivue.setRenderAzimuthElevation(this.#niivue.scene.renderAzimuth + azimuth, this.#niivue.scene.renderElevation + elevation); }

  /** A position in millimetres and what every volume of the case holds there. */
  describe(position) {
    return { position, values: this.#case.volumes.map((volume, index) => ({ volume, value: this.#meaning(volume, valueAt(this.#volumes[index], position)) })) };
  }

  #meaning({ role, low, high }, byte) {
    if (byte === null) return "outside";
    if (role === "label") return byte === 0 ? "–" : this.#case.labels.find(({ value }) => value === byte)?.name ?? `label ${byte}`;
    return Number((low + byte * (high - low) / 255).toPrecision(3)).toString();
  }
}
