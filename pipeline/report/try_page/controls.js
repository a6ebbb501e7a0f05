"use strict";

/** @type {Model} */
const model = JSON.parse(byId("model").textContent ?? "");
const network = unpack(model);
const average = personOf(model, []); // for whom the sliders stand
const sliders = model.columns.map((column) => /** @type {HTMLInputElement} */ (byId(column.name)));
const PAUSE = 600; // milliseconds of rest after which a screen reader hears what changed
let pause = 0;
let opened = 0; // files so far: a later one ends the work on those before

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
    if (turn !== opened) return;
    byId("progress").textContent = "";
    const told = error instanceof Refusal ? error.message : `it cannot be read (${error}).`;
    byId("refused").textContent = `${file.name}: ${told}`;
  }
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
  else if (files?.length) {
    byId("refused").textContent = "Drop one CSV file; several at once cannot be shown.";
  }
});
show();
