"use strict";

const MOST_POINTS = 300; // longer recordings are averaged over so many equal stretches

/** @type {(id: string) => HTMLElement} */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @type {(selector: string, within?: ParentNode) => HTMLElement[]} */
function all(selector, within = document) {
  return [...within.querySelectorAll(selector)].map((found) => /** @type {HTMLElement} */ (found));
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
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

/** @type {(name: string, recording: Recording) => string} */
function account(name, { frames, rowsRead, aside, note }) {
  const why = [...aside].map(([reason, number]) => `${reason} ${number}`).join(", ");
  const lost = rowsRead - frames.length;
  return (
    `${name}: ${rowsRead} rows read = ${frames.length} predicted + ${lost} set aside` +
    `${why && ` (${why})`}. ${note}`
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
 * @param {number[]} at frames
 * @param {number[]} own the emotion's probability in each
 * @param {boolean[]} gaps whether frames are missing before each
 * @param {number} emotion
 * @param {Summed} of
 * @returns {HTMLElement}
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
