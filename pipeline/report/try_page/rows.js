"use strict";

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
 * Yield the cells of each row below the header.
 * @type {(lines: string[], header: Header) => Generator<string[]>}
 */
function* rowsOf(lines, { delimiter, width, spare }) {
  for (let place = 1; place < lines.length; place++) {
    const cells = cellsOf(lines[place], delimiter);
    if (spare && cells.length === width + 1 && !cells[width].trim()) cells.pop();
    yield cells;
  }
}
