"use strict";

/**
 * A recording as it was read: frames in their order, their action units in the model's order, how
 * many rows there were, how many of them are set aside for which reason, and what was assumed. The
 * reasons, and what comes before what, are those of `python -m pipeline predict`.
 * @typedef {{
 *   frames: number[], aus: Float32Array[], rowsRead: number, aside: Map<string, number>,
 *   note: string,
 * }} Recording
 *
 * A row that could be read. `face` is null where the file names none, empty where the row does not;
 * `time` is NaN where there is none.
 * @typedef {{
 *   numbers: Record<string, number>, aus: number[], face: string | null, time: number,
 * }} Row
 */

const SLIPS = 0.05; // from this share of rows on, frames that stand again are no slip

/**
 * Read the content of a dropped file; throws `Refusal` where it is no recording for this model.
 * @param {Uint8Array} bytes
 * @param {Model} model
 * @returns {Recording}
 */
function readRecording(bytes, model) {
  const whole = decode(bytes).split(/\r\n?|\n/).filter((line) => line.trim());
  const lines = whole.slice(preambleLength(whole));
  if (!lines.length) throw new Refusal("it is empty.");
  const header = withSpare(readHeader(lines[0]), lines);
  refuseColumns(header, model);
  /** @type {Map<string, number>} */
  const aside = new Map();
  const every = readRows(lines, header, model, aside);
  const rowsRead = [...aside.values()].reduce((a, b) => a + b, every.length);
  const silent = dropSilent(every);
  const rows = mainFace(every, aside);
  const above = lines.length < whole.length ? "Lines before its header are not read." : "";
  const notes = [above, silent, numberFrames(rows, model), readPercent(rows)];
  const sound = rows.filter((row) => {
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
    rowsRead,
    aside,
    note: notes.filter(Boolean).join(" "),
  };
}

/** @type {(aside: Map<string, number>, reason: string, rows?: number) => void} */
function count(aside, reason, rows = 1) {
  if (rows) aside.set(reason, (aside.get(reason) ?? 0) + rows);
}

/**
 * Read the rows below the header; those that cannot be read are counted.
 * @type {(lines: string[], header: Header, model: Model, aside: Map<string, number>) => Row[]}
 */
function readRows(lines, header, model, aside) {
  const { width, places } = header;
  const first = (/** @type {string[]} */ ...names) => names.find((name) => places.has(name));
  const wanted = Object.entries({
    frame: first("frame"),
    success: first("success"),
    confidence: first("confidence", "FaceScore"),
    face: first("face_id", "face"),
  }).filter(([, name]) => name);
  const identity = places.has("Identity") && !first("face_id", "face");
  /** @type {Row[]} */
  const rows = [];
  const clips = new Set();
  let row = 0;
  for (const cells of rowsOf(lines, header)) {
    row++;
    const cell = (/** @type {string} */ name) => cells[places.get(name) ?? 0].trim();
    if (cells.length !== width) {
      count(aside, "too few or too many cells");
      continue;
    }
    if (places.has("clip") && clips.add(cell("clip")).size > 1) {
      throw new Refusal(`it holds several clips, and this page shows one. ${PREDICT}`);
    }
    const aus = model.columns.map(({ name }) => readNumber(cell(name), name.endsWith("_c")));
    const numbers = Object.fromEntries(
      wanted.map(([key, name]) => [key, readNumber(cell(name ?? ""), key === "success")]),
    );
    if ([...aus, ...Object.values(numbers)].includes(null)) {
      count(aside, "not a number");
      continue;
    }
    const time = places.has("timestamp") ? (readNumber(cell("timestamp")) ?? NaN) : NaN;
    const word = identity ? cell("Identity") : null;
    const { face, ...others } = /** @type {Record<string, number>} */ (numbers);
    // Without frames the rows of several faces are those of one image.
    others.frame ??= first(...FACES) ? 1 : row;
    const read = /** @type {number[]} */ (aus);
    rows.push({ numbers: others, aus: read, face: named(face, word), time });
  }
  return rows;
}

/**
 * Name a face by its number or its word: null without either, empty where that is missing.
 * @type {(number: number | undefined, word: string | null) => string | null}
 */
function named(number, word) {
  if (number !== undefined) return Number.isFinite(number) ? String(number) : "";
  return word !== null && MISSING.includes(word.toLowerCase()) ? "" : word;
}

/**
 * Keep the face of most rows, of equals that of the lowest number.
 * @type {(rows: Row[], aside: Map<string, number>) => Row[]}
 */
function mainFace(rows, aside) {
  const known = rows.filter(({ face }) => face !== "");
  count(aside, "missing or infinite", rows.length - known.length);
  /** @type {Map<string | null, number>} */
  const counts = new Map();
  for (const { face } of known) counts.set(face, (counts.get(face) ?? 0) + 1);
  const order = [...counts].sort(
    ([one, own], [other, its]) =>
      its - own || (one ?? "").localeCompare(other ?? "", "en", { numeric: true }),
  );
  const kept = known.filter(({ face }) => face === order[0][0]);
  count(aside, "another face", known.length - kept.length);
  return kept;
}

/**
 * Number rows whose frames do not tell them apart, by their time or as they stand: what
 * `order_rows` in pipeline/data/reading/rows/frame_order.py does.
 * @type {(rows: Row[], model: Model) => string} what was done, in words
 */
function numberFrames(rows, model) {
  const frames = rows.map((row) => row.numbers.frame);
  if (frames.every((frame, i) => !i || frame > frames[i - 1])) return "";
  const known = frames.filter(Number.isFinite);
  const different = new Set(known).size;
  const unlike = rows
    .filter((row) => Number.isFinite(row.numbers.frame))
    .map(({ numbers, aus }) => [...Object.values(numbers), ...aus].join());
  const repeated = new Set(unlike).size - different; // a copied row is a mere duplicate
  const empty = frames.every(Number.isNaN);
  const constant = known.length > 1 && different === 1;
  if (!empty && !constant && (repeated < 2 || repeated <= SLIPS * rows.length)) return "";
  const times = rows.map((row) => row.time);
  if (!empty && times.every(Number.isFinite) && new Set(times).size === times.length) {
    const order = [...times].sort((a, b) => a - b);
    const place = new Map(order.map((time, i) => [time, i + 1]));
    for (const row of rows) row.numbers.frame = place.get(row.time) ?? NaN;
    return "Its frames do not tell rows apart; they are numbered in the order of their timestamps.";
  }
  const lowest = known.reduce((a, b) => Math.min(a, b), Infinity);
  const anew = frames.every((frame, i) => (i && frame > frames[i - 1]) || frame === lowest);
  const timed = times.some((time) => !Number.isNaN(time));
  const oneImage = constant && !timed && model.extractor === "py-feat"; // its faces share a number
  if (!empty && (oneImage || !(constant || anew))) {
    throw new Refusal("its frames hold several faces, and nothing tells which row is whose.");
  }
  rows.forEach((row, i) => (row.numbers.frame = i + 1));
  return "Its frames do not tell rows apart; they are numbered as they stand.";
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
