"use strict";

/** @type {Model} */
const model = JSON.parse(byId("model").textContent ?? "");
const network = unpack(model);
const average = personOf(model, []); // for whom the sliders stand
const sliders = model.columns.map((column) => /** @type {HTMLInputElement} */ (byId(column.name)));
const MOST_POINTS = 300; // longer recordings are averaged over so many equal stretches
const PAUSE = 600; // milliseconds of rest after which a screen reader hears what changed
let pause = 0;
let opened = 0; // files so far: a later one ends the work on those before

/** @type {(id: string) => HTMLElement} */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @type {(selector: string, within?: ParentNode) => HTMLElement[]} */
function all(selector, within = document) {
  return [...within.querySelectorAll(selector)].map((found) => /** @type {HTMLElement} */ (found));
}

/** @type {<K extends keyof HTMLElementTagNameMap>(tag: K, text?: string) => HTMLElementTagNameMap[K]} */
function element(tag, text = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

/** @type {(name: string, attributes: Record<string, string | number>) => SVGElement} */
function shape(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/**
 * Put action units on the sliders.
 * @param {number[]} values
 */
function setSliders(values) {
  for (const [i, slider] of sliders.entries()) slider.value = String(values[i]);
  show();
}

/** Show the sliders' numbers and what the model makes of them. */
function show() {
  const aus = sliders.map((slider) => Number(slider.value));
  for (const [i, slider] of sliders.entries()) {
    const shown = aus[i].toFixed(model.columns[i].highest > 1 ? 1 : 2);
    slider.setAttribute("aria-valuetext", `${shown} of ${model.columns[i].highest}`);
    byId(`${slider.id}-shown`).textContent = shown;
  }
  const predicted = probabilities(network, featuresOf(model, aus, average));
  const there = present(model, predicted);
  for (const [i, row] of all("#emotions tbody tr").entries()) {
    row.classList.toggle("present", there[i]);
    row.querySelector(".fill")?.setAttribute("width", String(100 * predicted[i]));
    all(".probability", row)[0].textContent = predicted[i].toFixed(2);
    all(".decision", row)[0].textContent = there[i] ? "present" : "below";
  }
  clearTimeout(pause);
  pause = setTimeout(() => (byId("said").textContent = summary(predicted, there)), PAUSE);
}

/** @type {(predicted: ArrayLike<number>, there: boolean[]) => string} */
function summary(predicted, there) {
  const named = model.emotions.map(({ name }, i) => `${name} ${predicted[i].toFixed(2)}`);
  const most = Array.from(predicted).indexOf(Math.max(...Array.from(predicted)));
  const found = named.filter((_, i) => there[i]).join(", ") || "none";
  return `Most probable: ${named[most]}. Present: ${found}.`;
}

/**
 * Mark the preset that the sliders show.
 * @param {Element | null} chosen
 */
function press(chosen) {
  for (const button of all("#presets button")) {
    button.setAttribute("aria-pressed", String(button === chosen));
  }
}

for (const [i, slider] of sliders.entries()) {
  slider.addEventListener("input", () => {
    const { presence } = model.columns[i];
    if (presence !== null) sliders[presence].value = Number(slider.value) >= 1 ? "1" : "0";
    press(null);
    show();
  });
}
for (const [i, button] of all("#presets button").entries()) {
  button.addEventListener("click", () => {
    press(button);
    setSliders(model.presets[i]);
  });
}

/**
 * Predict each frame of a recording, as one clip of one person; lets the page breathe meanwhile.
 * @param {Recording} recording
 * @returns {Promise<Float32Array[]>}
 */
async function predictRecording({ aus }) {
  const person = personOf(model, aus);
  const predicted = [];
  let since = performance.now();
  for (const row of aus) {
    predicted.push(probabilities(network, featuresOf(model, row, person)));
    if (performance.now() - since > 50) {
      await new Promise((done) => setTimeout(done));
      since = performance.now();
    }
  }
  return predicted;
}

/**
 * Read a dropped file and show it; what is wrong with it is said instead.
 * @param {File} file
 */
async function openFile(file) {
  const turn = ++opened;
  byId("refused").textContent = "";
  byId("recording").hidden = true;
  byId("progress").textContent = `Reading ${file.name} …`;
  await new Promise((done) => setTimeout(done));
  try {
    const recording = readRecording(new Uint8Array(await file.arrayBuffer()), model);
    const predicted = await predictRecording(recording);
    if (turn !== opened) return;
    byId("progress").textContent = account(file.name, recording);
    showRecording(recording, predicted);
    byId("recording").hidden = false;
  } catch (error) {
    byId("progress").textContent = "";
    const told = error instanceof Refusal ? error.message : `it cannot be read (${error}).`;
    byId("refused").textContent = `${file.name}: ${told}`;
  }
}

/** @type {(name: string, recording: Recording) => string} */
function account(name, { frames, rowsRead, aside }) {
  const why = [...aside].map(([reason, number]) => `${reason} ${number}`).join(", ");
  const lost = rowsRead - frames.length;
  return (
    `${name}: ${rowsRead} rows read = ${frames.length} predicted + ${lost} set aside` +
    `${why && ` (${why})`}.`
  );
}

/** @type {(recording: Recording, predicted: Float32Array[]) => void} */
function showRecording({ frames }, predicted) {
  const step = Math.ceil(frames.length / MOST_POINTS);
  const at = thinned(frames, step);
  const points = model.emotions.map((_, i) => thinned(predicted.map((row) => row[i]), step));
  const gaps = at.map((frame, i) => i > 0 && frame - at[i - 1] > 2 * step);
  const summaries = model.emotions.map((_, i) => summed(frames, predicted, i));
  byId("plots").replaceChildren(...points.map((own, i) => plot(at, own, gaps, i, summaries[i])));
  byId("first").textContent = `frame ${frames[0]}`;
  byId("last").textContent = `${frames[frames.length - 1]}`;
  byId("summary").replaceChildren(
    ...summaries.map(({ name, mean, highest, frame, share }) =>
      line([name, mean.toFixed(3), highest.toFixed(3), `${frame}`, `${Math.round(100 * share)}%`]),
    ),
  );
  byId("stretches").textContent = step > 1 ? `Each line is the mean of ${step} frames.` : "";
  byId("points").replaceChildren(
    ...at.map((frame, j) =>
      line([String(Math.round(frame)), ...points.map((own) => own[j].toFixed(3))]),
    ),
  );
}

/**
 * Average over stretches of so many values; the last may be shorter.
 * @type {(values: number[], step: number) => number[]}
 */
function thinned(values, step) {
  return Array.from({ length: Math.ceil(values.length / step) }, (_, i) => {
    const stretch = values.slice(i * step, (i + 1) * step);
    return stretch.reduce((sum, value) => sum + value, 0) / stretch.length;
  });
}

/** @typedef {{name: string, mean: number, highest: number, frame: number, share: number}} Summed */

/** @type {(frames: number[], predicted: Float32Array[], emotion: number) => Summed} */
function summed(frames, predicted, emotion) {
  const own = predicted.map((row) => row[emotion]);
  const highest = own.reduce((most, value) => Math.max(most, value));
  const there = predicted.filter((row) => present(model, row)[emotion]).length;
  return {
    name: model.emotions[emotion].name,
    mean: own.reduce((sum, value) => sum + value, 0) / own.length,
    highest,
    frame: frames[own.indexOf(highest)],
    share: there / own.length,
  };
}

/**
 * Draw one emotion over time, from 0 to 1, with its threshold; a line does not bridge a gap.
 * @type {(at: number[], own: number[], gaps: boolean[], emotion: number, of: Summed) => HTMLElement}
 */
function plot(at, own, gaps, emotion, of) {
  const span = Math.max(at[at.length - 1] - at[0], 1);
  const x = (/** @type {number} */ frame) => ((1000 * (frame - at[0])) / span).toFixed(1);
  const path = own.map(
    (value, i) => `${i && !gaps[i] ? "L" : "M"}${x(at[i])} ${(100 * (1 - value)).toFixed(2)}h.01`,
  );
  const bound = 100 * (1 - model.emotions[emotion].threshold);
  const words =
    `${of.name} over time: mean ${of.mean.toFixed(2)}, highest ${of.highest.toFixed(2)} at frame ` +
    `${of.frame}, present in ${Math.round(100 * of.share)}% of the frames`;
  const box = { viewBox: "0 0 1000 100", preserveAspectRatio: "none" };
  const svg = shape("svg", { role: "img", "aria-label": words, ...box });
  svg.append(
    shape("line", { class: "mark", x1: 0, x2: 1000, y1: bound, y2: bound }),
    shape("path", { class: "trace", d: path.join("") }),
  );
  const row = element("div");
  row.append(element("span", of.name), svg);
  return row;
}

/**
 * Make a row of a table whose first cell heads it.
 * @type {(cells: string[]) => HTMLTableRowElement}
 */
function line([first, ...cells]) {
  const [row, head] = [element("tr"), element("th", first)];
  head.scope = "row";
  row.append(head, ...cells.map((text) => element("td", text)));
  return row;
}

const chooser = /** @type {HTMLInputElement} */ (byId("file"));
chooser.addEventListener("change", () => {
  if (chooser.files?.[0]) openFile(chooser.files[0]);
  chooser.value = ""; // so that a file can be chosen again
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  const files = event.dataTransfer?.files;
  if (files?.length === 1) openFile(files[0]);
  else byId("refused").textContent = "Drop one CSV file; several at once cannot be shown.";
});
show();
