// What NiiVue draws: one base image and any overlays of a case, all on the case's finest grid, so that thick slices and thin labels lie exactly on each other.

const views = { multiplanar: 3, axial: 0, coronal: 1, sagittal: 2, render: 4 };
const heat = { R: [0, 87, 187, 249, 252], G: [0, 16, 55, 142, 255], B: [4, 110, 84, 9, 164], A: [0, 96, 160, 208, 255], I: [0, 64, 128, 192, 255] };

class Scene {
  #niivue; #library; #case; #volumes; #grid; #prepared = new Map();

  static async create(library, canvas, onLocation) {
    const scene = new Scene();
    scene.#library = library;
    scene.#niivue = new library.Niivue({
      logLevel: "silent", loadingText: "", dragAndDropEnabled: false, viewModeHotKey: "", clipPlaneHotKey: "", cycleClipPlaneHotKey: "", isResizeCanvas: true, backColor: [0, 0, 0, 1],
      crosshairColor: [1, 1, 1, 0.55], crosshairWidth: 0.5, crosshairGap: 2, fontColor: [1, 1, 1, 1], fontMinPx: 15, multiplanarLayout: 2, multiplanarShowRender: 1, multiplanarPadPixels: 6, isNearestInterpolation: true,
      showLegend: false, isColorbar: false, show3Dcrosshair: false, isOrientCube: true, dragMode: 1,
    });
    await scene.#niivue.attachToCanvas(canvas, false);
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
  }

  /** Draws volume `base` and, in order, the overlays ({ index, outline }). */
  async show({ base, overlays, opacity, nearest }) {
    const niivue = this.#niivue;
    niivue.opts.isNearestInterpolation = nearest;
    const images = [await this.#image(base, false, !nearest, 1)];
    for (const { index, outline } of overlays) images.push(await this.#image(index, outline, !nearest, opacity));
    niivue.volumes = [];
    images.forEach((image, position) => niivue.setVolume(image, position));
    niivue.setInterpolation(nearest);
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
    for (let layer = 1; layer < this.#niivue.volumes.length; layer++) this.#niivue.setOpacity(layer, opacity);
  }

  setView(name) { this.#niivue.setSliceType(views[name]); }
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
