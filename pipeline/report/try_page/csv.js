"use strict";

/**
 * The first line of a CSV file: what stands between cells, how many a row has, where each column
 * stands, by the name that is meant, and whether rows may end in one more cell, which is empty.
 * @typedef {{
 *   delimiter: string, width: number, places: Map<string, number>, spare: boolean,
 * }} Header
 */

/** What is wrong with a file, in words for whoever dropped it. */
class Refusal extends Error {}

const MOST_BYTES = 200e6; // a browser's strings end at about 500 million letters
const PREDICT = "“python -m pipeline predict” reads it.";
const AU = /^(?:x[._ ]+)?au[ ._-]?(\d\d?)(?:[ ._-]?([rc]))?$/i;
const FACES = ["face_id", "face", "Identity"]; // columns that say whose face a row is
const OTHERS = ["frame", "timestamp", "success", "confidence", "FaceScore", "clip", ...FACES];
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const INFINITE = /^[+-]?inf(inity)?$/i;
const SEP = /^\s*"?sep=[^"]"?[,;|\s]*$/i; // the line in which Excel is told the delimiter
const COMMENT = /^[ \t]*"?#/;
const EDGE = /^[\s"'`#]+|[\s"'`]+$/g;
const MISSING = ["", "nan", "-nan", "na", "null", "none", "n/a", "#n/a"];
const YES = ["true", "t", "yes", "y", "wahr", "vrai"];
const NO = ["false", "f", "no", "n", "falsch", "faux"];

/**
 * Decode a file's text, UTF-8 or UTF-16.
 * @type {(bytes: Uint8Array) => string}
 */
function decode(bytes) {
  if (bytes.length > MOST_BYTES) throw new Refusal(`it is too large for this page. ${PREDICT}`);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new Refusal(`it is compressed. Unpack it first; ${PREDICT}`);
  }
  const wide = { "255 254": "utf-16le", "254 255": "utf-16be" }[bytes.subarray(0, 2).join(" ")];
  const text = new TextDecoder(wide ?? "utf-8").decode(bytes);
  if (text.includes("\0")) throw new Refusal("it is no text in UTF-8. Drop a CSV file.");
  return text;
}

/** @type {(line: string) => string} */
function delimiterOf(line) {
  const times = (/** @type {string} */ mark) => line.split(mark).length;
  return [",", ";", "\t", "|"].reduce((best, mark) => (times(mark) > times(best) ? mark : best));
}

/**
 * Count the lines before the header: what pipeline/data/reading/csv/preamble.py does.
 * @type {(lines: string[]) => number}
 */
function preambleLength(lines) {
  let place = lines.length && SEP.test(lines[0]) ? 1 : 0;
  while (place < lines.length && COMMENT.test(lines[place]) && !namesColumns(lines[place])) place++;
  return place;
}

/**
 * Say whether a comment is a header, as numpy writes it.
 * @type {(line: string) => boolean}
 */
function namesColumns(line) {
  const names = line.split(delimiterOf(line)).map((name) => name.replace(EDGE, ""));
  const known = names.filter((name) => AU.test(name) || OTHERS.includes(meaning(name)));
  return known.length >= 2;
}

/**
 * Find the delimiter, which is the most frequent, and the columns; of two that are no action units
 * and mean the same the first counts, and one that is written as here before it.
 * @type {(line: string) => Header}
 */
function readHeader(line) {
  const delimiter = delimiterOf(line);
  const written = cellsOf(line, delimiter).map((name) => name.replace(EDGE, ""));
  const places = new Map();
  for (const [place, name] of written.entries()) {
    const meant = meaning(name);
    if (!places.has(meant) || (meant === name && !AU.test(name))) places.set(meant, place);
    else if (AU.test(name)) throw new Refusal(`it names ${meant} twice. Keep one of the columns.`);
  }
  return { delimiter, width: written.length, places, spare: false };
}

/**
 * Give the name that a column's stands for, as R, SQL or spreadsheets leave it.
 * @type {(name: string) => string}
 */
function meaning(name) {
  const au = AU.exec(name);
  if (au) return `AU${au[1].padStart(2, "0")}${au[2] ? `_${au[2].toLowerCase()}` : ""}`;
  const key = (/** @type {string} */ text) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const bare = key(name.replace(/^x[._ ]+/i, ""));
  return OTHERS.find((other) => key(other) === bare) ?? name;
}

/**
 * Split a line; a cell that begins with a quote may hold the delimiter, and two quotes for one.
 * @type {(line: string, delimiter: string) => string[]}
 */
function cellsOf(line, delimiter) {
  return line.includes('"') ? splitQuoted(line, delimiter).cells : line.split(delimiter);
}

/**
 * Split a line with quotes, and say whether its last one is not closed.
 * @type {(line: string, delimiter: string) => {cells: string[], open: boolean}}
 */
function splitQuoted(line, delimiter) {
  const cells = [""];
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const letter = line[i];
    const last = cells.length - 1;
    if (quoted && letter === '"' && line[i + 1] === '"') cells[last] += line[++i];
    else if (letter === '"' && (quoted || !cells[last].trim())) quoted = !quoted;
    else if (letter === delimiter && !quoted) cells.push("");
    else cells[last] += letter;
  }
  return { cells, open: quoted };
}

/**
 * Read a cell: NaN where it is empty, null where it holds anything else than a number.
 * @type {(cell: string, words?: boolean) => number | null}
 */
function readNumber(cell, words = false) {
  const text = cell.replace(",", ".").toLowerCase();
  if (NUMBER.test(text)) return Number(text);
  if (MISSING.includes(text)) return NaN;
  if (INFINITE.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  if (words && YES.includes(text)) return 1;
  return words && NO.includes(text) ? 0 : null;
}
