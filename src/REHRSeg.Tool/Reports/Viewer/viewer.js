// The viewer's controls. Nothing is read or drawn before its section comes into sight or its button is pressed.

class Viewer {
  #section; #cases; #scene; #sight; #drawing = Promise.resolve();

  constructor(section) {
    this.#section = section;
    section.dataset.state = "closed";
    this.#cases = JSON.parse(this.#part("cases").textContent);
    this.#part("open").addEventListener("click", () => this.#open());
    this.#sight = new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) this.#open(); }, { threshold: 0.2 });
    this.#sight.observe(this.#part("stage"));
    this.#part("case").replaceChildren(...this.#cases.map(({ id }, index) => new Option(id, index)));
    this.#listCase();
    this.#connect();
  }

  #part(name) { return this.#section.querySelector(`[data-part="${name}"]`); }
  get #case() { return this.#cases[this.#part("case").value]; }

  async #open() {
    this.#sight.disconnect();
    if (this.#section.dataset.state !== "closed") return;
    this.#section.dataset.state = "opening";
    if (!document.createElement("canvas").getContext("webgl2")) return this.#fail("This browser offers no WebGL 2, which the 3-D viewer draws with. Everything else on this page works without it.");
    try {
      this.#part("open").remove();
      const canvas = this.#part("canvas");
      canvas.hidden = false;
      canvas.addEventListener("webglcontextlost", () => this.#fail("The browser took the graphics context away. Reload the page to open the viewer again."));
      this.#scene = await Scene.create(await this.#library(), canvas, location => this.#tell(location));
      this.#drawing = this.#openCase();
      await this.#drawing;
      this.#part("controls").disabled = false;
    } catch (error) {
      this.#fail(`The 3-D viewer could not start: ${error.message}`);
    }
  }

  async #library() {
    const url = URL.createObjectURL(new Blob([await inflate(this.#part("library").textContent)], { type: "text/javascript" }));
    await new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src: url, onload: resolve, onerror: () => reject(new Error("its library did not load")) });
      document.head.append(script);
    });
    URL.revokeObjectURL(url);
    return window.niivue;
  }

  #fail(message) {
    this.#section.dataset.state = "failed";
    this.#part("controls").disabled = true;
    this.#part("canvas").hidden = true;
    this.#part("open")?.remove();
    this.#part("message").textContent = message;
  }

  /** Fills the lists with the volumes of the selected case. */
  #listCase() {
    const { volumes, labels, notes } = this.#case, indexed = volumes.map((volume, index) => ({ ...volume, index }));
    const images = indexed.filter(({ role }) => role === "image");
    this.#part("base").replaceChildren(...images.map(({ name, index, shown }) => new Option(name, index, shown, shown)));
    this.#part("overlays").replaceChildren(...indexed.filter(({ role }) => role !== "image").map(volume => this.#overlay(volume)));
    const uncertain = volumes.find(({ role }) => role === "uncertainty");
    this.#part("legend").replaceChildren(...labels.map(({ name, colour }) => this.#swatch(`rgb(${colour})`, name)), ...uncertain ? [this.#swatch(heatGradient, `${uncertain.name} up to ${uncertain.high.toPrecision(2)}`)] : []);
    this.#part("notes").textContent = notes.join(" ");
  }

  #swatch(background, text) {
    const entry = document.createElement("li"), swatch = document.createElement("span");
    swatch.style.background = background;
    swatch.classList.toggle("wide", background === heatGradient);
    entry.append(swatch, text);
    return entry;
  }

  #overlay({ name, role, index, shown, outlined }) {
    const row = document.createElement("div");
    const box = (text, part, checked) => {
      const label = document.createElement("label"), input = Object.assign(document.createElement("input"), { type: "checkbox", checked });
      input.dataset[part] = index;
      label.append(input, text);
      return label;
    };
    row.append(box(name, "overlay", shown));
    if (role === "label") {
      const outline = box("outline", "outline", outlined);
      outline.firstChild.setAttribute("aria-label", `${name}: outline only`);
      row.append(outline);
    }
    return row;
  }

  #connect() {
    const on = (part, event, action) => this.#part(part).addEventListener(event, action);
    on("case", "change", () => { this.#listCase(); this.#queue(() => this.#openCase()); });
    for (const part of ["base", "overlays", "interpolation"]) on(part, "change", () => this.#queue(() => this.#draw()));
    on("opacity", "input", () => this.#queue(() => this.#scene.setOpacity(this.#opacity)));
    on("view", "change", () => this.#queue(() => this.#scene.setView(this.#part("view").value)));
    on("convention", "change", () => this.#queue(() => this.#scene.setRadiological(this.#radiological)));
    on("canvas", "keydown", event => this.#key(event));
    // The page scrolls past the viewer; only after a click into it does the wheel move slices. NiiVue's own handling of the click would keep the focus away.
    on("canvas", "pointerdown", () => this.#part("canvas").focus({ preventScroll: true }));
    this.#part("stage").addEventListener("wheel", event => { if (document.activeElement !== this.#part("canvas")) event.stopPropagation(); }, { capture: true });
  }

  get #opacity() { return this.#part("opacity").value / 100; }
  get #radiological() { return this.#part("convention").value === "radiological"; }

  /** One change after the other, in order. */
  #queue(change) {
    if (!this.#scene || this.#section.dataset.state === "failed") return;
    this.#section.dataset.state = "drawing";
    this.#drawing = this.#drawing.then(change).then(() => { this.#section.dataset.state = "drawn"; }, error => this.#fail(`The 3-D viewer stopped: ${error.message}`));
  }

  async #openCase() {
    const number = this.#part("case").value;
    await this.#scene.open(this.#case, index => this.#part(`volume-${number}-${index}`).textContent);
    this.#scene.setView(this.#part("view").value);
    this.#scene.setRadiological(this.#radiological);
    await this.#draw();
  }

  async #draw() {
    const overlays = [...this.#section.querySelectorAll("[data-overlay]")].filter(({ checked }) => checked).map(({ dataset }) => Number(dataset.overlay));
    const outline = index => this.#section.querySelector(`[data-outline="${index}"]`)?.checked ?? false;
    await this.#scene.show({
      base: Number(this.#part("base").value), overlays: overlays.map(index => ({ index, outline: outline(index) })), opacity: this.#opacity, nearest: this.#part("interpolation").value === "nearest",
    });
    this.#section.dataset.state = "drawn";
  }

  #tell({ position: [x, y, z], values }) {
    const along = (value, positive, negative) => `${Math.abs(value).toFixed(1)} mm ${value < 0 ? negative : positive}`;
    this.#part("position").textContent = [along(x, "R", "L"), along(y, "A", "P"), along(z, "S", "I")].join(", ");
    this.#part("values").replaceChildren(...values.flatMap(({ volume: { name }, value }) => {
      const term = document.createElement("dt"), detail = document.createElement("dd");
      term.textContent = name;
      detail.textContent = value;
      return [term, detail];
    }));
  }

  #key(event) {
    const steps = { ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowDown: [0, -1, 0], ArrowUp: [0, 1, 0], PageDown: [0, 0, -1], PageUp: [0, 0, 1] };
    const step = steps[event.key];
    if (!step || this.#section.dataset.state !== "drawn") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (["render", "labels"].includes(this.#part("view").value)) this.#scene.turn(5 * step[0], 5 * step[1]);
    else this.#scene.move(this.#radiological ? -step[0] : step[0], step[1], step[2]);
  }
}

for (const section of document.querySelectorAll(".rehrseg-viewer[data-state='new']")) new Viewer(section);
