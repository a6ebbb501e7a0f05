"use strict";

const MOST_LINES = 100; // of one row

/**
 * Recognise a last cell that only the header or only the rows have: what
 * pipeline/data/reading/csv/spare_cell.py does.
 * @type {(header: Header, lines: string[]) => Header}
 */
function withSpare(header, lines) {
  const { delimiter, places, width } = header;
  const seen = lines.slice(1, 3);
  const rows = seen.map((line) => cellsOf(line, delimiter).map((cell) => cell.trim()));
  if (!rows.length) return header;
  const unnamed = !cellsOf(lines[0], delimiter)[width - 1].replace(EDGE, "");
  if (unnamed && rows.every((row) => row.length === width - 1)) {
    return { ...header, width: width - 1, spare: true };
  }
  if (!rows.every((row) => row.length === width + 1 && !row[width])) return header;
  const quoted = seen.some((line) => line.trim().startsWith('"'));
  const told = rows.map((row) => row[places.get("frame") === 0 ? 1 : 0]);
  const whole = told.every((cell) => /^\d+$/.test(cell)) && told.join() !== "0";
  const names = whole && new Set(told).size === told.length;
  return { ...header, spare: !quoted && !names };
}

/**
 * Yield the cells of each row below the header, of one line or of several.
 * @type {(lines: string[], header: Header) => Generator<string[]>}
 */
function* rowsOf(lines, header) {
  for (let place = 1, end = 1; place < lines.length; place = end) {
    end = place + countLines(lines, place, header);
    yield splitRow(lines.slice(place, end).join("\n"), header);
  }
}

/**
 * Split a row, without a last cell that has no name.
 * @type {(row: string, header: Header) => string[]}
 */
function splitRow(row, { delimiter, width, spare }) {
  const cells = cellsOf(row, delimiter);
  if (spare && cells.length === width + 1 && !cells[width].trim()) cells.pop();
  return cells;
}

/**
 * Count the lines of the row that begins here, whose quoted cell may go on below: what
 * pipeline/data/reading/csv/lines.py does.
 * @type {(lines: string[], place: number, header: Header) => number}
 */
function countLines(lines, place, header) {
  const { delimiter, width } = header;
  const isRow = (/** @type {string} */ row) => splitRow(row, header).length === width;
  let row = lines[place];
  if (!row.includes('"')) return 1;
  for (let count = 1; count <= MOST_LINES; count++) {
    if (!splitQuoted(row, delimiter).open) return count === 1 || isRow(row) ? count : 1;
    if (place + count >= lines.length || isRow(lines[place + count])) return 1;
    row += `\n${lines[place + count]}`;
  }
  return 1;
}
