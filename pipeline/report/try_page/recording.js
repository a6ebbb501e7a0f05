"use strict";

/**
 * A recording as it was read: frames in their order, their action units in the model's order, how
 * many rows there were, and how many of them are set aside for which reason. The reasons, and what
 * comes before what, are those of `python -m pipeline predict`.
 * @typedef {{
 *   frames: number[], aus: Float32Array[], rowsRead: number, aside: Map<string, number>,
 * }} Recording
 *
 * A row that could be read: its number in the file, whose face it is, and its numbers by column.
 * @typedef {{row: number, face: string | null, numbers: Record<string, number>, aus: number[]}} Row
 */

const FEWEST_TO_TELL_UNITS = 100; // of so many frames of a face one has an intensity above 1
const SLIPS = 0.05; // from this share of rows on, frames that stand again are no slip

/**
 * Read the content of a dropped file; throws `Refusal` where it is no recording for this model.
 * @param {Uint8Array} bytes
 * @param {Model} model
 * @returns {Recording}
 */
function readRecording(bytes, model) {
  const lines = decode(bytes).split(/\r\n?|\n/).filter((line) => line.trim());
  if (!lines.length) throw new Refusal("it is empty.");
  const header = readHeader(lines[0]);
  refuseColumns(header, model);
  /** @type {Map<string, number>} */
  const aside = new Map();
  const rows = mainFace(readRows(lines, header, model, aside), aside);
  const numbered = numberFrames(rows, header);
  const sound = numbered.filter((row) => {
    const reason = faultOf(row, model);
    if (reason) count(aside, reason);
    return !reason;
  });
  sound.sort((a, b) => a.numbers.frame - b.numbers.frame);
  const kept = sound.filter((row, i) => {
    const again = i > 0 && row.numbers.frame === sound[i - 1].numbers.frame;
    if (again) count(aside, "duplicate frame");
    return !again;
  });
  refuseValues(kept, aside, model);
  return {
    frames: kept.map((row) => row.numbers.frame),
    aus: kept.map((row) => Float32Array.from(row.aus)),
    rowsRead: lines.length - 1,
    aside,
  };
}

/** @type {(aside: Map<string, number>, reason: string, rows?: number) => void} */
function count(aside, reason, rows = 1) {
  if (rows) aside.set(reason, (aside.get(reason) ?? 0) + rows);
}

/** @type {(header: Header, model: Model) => void} */
function refuseColumns({ places }, model) {
  const named = [...places.keys()].filter((name) => AU.test(name));
  const takes = `The model takes ${model.columns.map((column) => column.name).join(", ")}`;
  if (!named.length) {
    throw new Refusal(`no column is named like an action unit. ${takes}; drop a CSV with these.`);
  }
  if (named.includes("AU03_r") || named.includes("AU08_r")) {
    throw new Refusal(
      "OpenFace 3 wrote it, whose columns are other action units than their names say. The model " +
        `takes those of ${model.extractor}.`,
    );
  }
  const suffixed = named.some((name) => name.includes("_"));
  if (suffixed !== model.columns[0].name.includes("_")) {
    const found = suffixed ? "OpenFace’s, such as" : "without suffix, as py-feat writes them:";
    throw new Refusal(
      `its action units are ${found} ${named[0]}. The model was trained on those of ` +
        `${model.extractor} (${model.columns[0].name}), whose units differ.`,
    );
  }
  const lacking = model.columns.filter((column) => !places.has(column.name));
  if (lacking.length) {
    const names = lacking.map((column) => column.name).join(", ");
    throw new Refusal(`it lacks ${names}. Extract all action units that the model takes.`);
  }
}

/**
 * Read the rows below the header; those that cannot be read are counted.
 * @type {(lines: string[], header: Header, model: Model, aside: Map<string, number>) => Row[]}
 */
function readRows(lines, { delimiter, width, places }, model, aside) {
  const first = (/** @type {string[]} */ ...names) => names.find((name) => places.has(name));
  const wanted = Object.entries({
    frame: first("frame"),
    success: first("success"),
    confidence: first("confidence", "FaceScore"),
  }).filter(([, name]) => name);
  const face = first(...FACES);
  /** @type {Row[]} */
  const rows = [];
  const clips = new Set();
  for (const [row, line] of lines.entries()) {
    if (row === 0) continue;
    const cells = cellsOf(line, delimiter);
    const cell = (/** @type {string} */ name) => cells[places.get(name) ?? 0].trim();
    if (cells.length !== width) {
      count(aside, "too few or too many cells");
      continue;
    }
    if (places.has("clip") && clips.add(cell("clip")).size > 1) {
      throw new Refusal(`it holds several clips, and this page shows one. ${PREDICT}`);
    }
    const aus = model.columns.map((column) => readNumber(cell(column.name)));
    const numbers = Object.fromEntries(
      wanted.map(([key, name]) => [key, readNumber(cell(name ?? ""), key === "success")]),
    );
    if ([...aus, ...Object.values(numbers)].includes(null)) count(aside, "not a number");
    else rows.push(/** @type {Row} */ ({ row, face: face ? cell(face) : null, numbers, aus }));
  }
  return rows;
}

/**
 * Keep the face of most rows, of equals that of the lowest number.
 * @type {(rows: Row[], aside: Map<string, number>) => Row[]}
 */
function mainFace(rows, aside) {
  const known = rows.filter(({ face }) => face === null || !MISSING.includes(face.toLowerCase()));
  count(aside, "missing or infinite", rows.length - known.length);
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { face } of known) counts.set(face ?? "", (counts.get(face ?? "") ?? 0) + 1);
  const order = [...counts].sort(
    ([one, own], [other, its]) => its - own || one.localeCompare(other, "en", { numeric: true }),
  );
  const kept = known.filter(({ face }) => (face ?? "") === order[0][0]);
  count(aside, "another face", known.length - kept.length);
  return kept;
}

/**
 * Number the rows of a file that does not; refuse one whose numbers tell rows apart too badly.
 * @type {(rows: Row[], header: Header) => Row[]}
 */
function numberFrames(rows, { places }) {
  const known = rows.map((row) => row.numbers.frame).filter(Number.isFinite);
  const told = places.has("frame") && rows.some((row) => !Number.isNaN(row.numbers.frame));
  if (!told) {
    const image = FACES.some((name) => places.has(name)); // all rows are faces of one image
    const place = (/** @type {Row} */ row, /** @type {number} */ i) =>
      places.has("frame") ? i + 1 : image ? 1 : row.row;
    rows.forEach((row, i) => (row.numbers.frame = place(row, i)));
    return rows;
  }
  if (rows.every(({ numbers }, i) => !i || numbers.frame > rows[i - 1].numbers.frame)) return rows;
  const all = rows.map(({ numbers, aus }) => [...Object.values(numbers), ...aus].join());
  const unlike = new Set(all); // a copied row is a mere duplicate
  const repeated = unlike.size - (rows.length - known.length) - new Set(known).size;
  const constant = known.length > 1 && new Set(known).size === 1;
  if (constant || (repeated >= 2 && repeated > SLIPS * rows.length)) {
    throw new Refusal(`its frame numbers do not tell its rows apart. ${PREDICT}`);
  }
  return rows;
}

/**
 * Say why a row cannot be used; empty where it can.
 * @type {(row: Row, model: Model) => string}
 */
function faultOf({ numbers, aus }, model) {
  const { success = 1, confidence = 1, frame } = numbers;
  if (!(success > 0)) return "no face tracked";
  if (!(confidence >= model.minConfidence && confidence < Infinity)) return "low confidence";
  const tops = [...model.columns.map((column) => column.highest), 2 ** 53];
  for (const [i, value] of [...aus, frame].entries()) {
    if (!Number.isFinite(value)) return "missing or infinite";
    if (value < 0 || value > tops[i]) return "out of range";
  }
  return Number.isInteger(frame) ? "" : "out of range";
}

/** @type {(rows: Row[], aside: Map<string, number>, model: Model) => void} */
function refuseValues(rows, aside, model) {
  if (!rows.length) {
    const why = [...aside].map(([reason, number]) => `${reason} ${number}`).join(", ");
    if (!why) throw new Refusal("it has no rows.");
    throw new Refusal(`no frame is left: all rows were set aside (${why}).`);
  }
  const graded = model.columns.flatMap((column, i) => (column.graded ? [i] : []));
  if (!graded.length || rows.length < FEWEST_TO_TELL_UNITS || model.calm) return;
  if (rows.every(({ aus }) => graded.every((i) => aus[i] <= 1))) {
    throw new Refusal(
      `no intensity of ${rows.length} frames exceeds 1: these look like 0-1, and the model takes ` +
        `0-5 as ${model.extractor} writes them. If the faces are that calm, predict them by ` +
        "“python -m pipeline predict --same-units”.",
    );
  }
}
