"use strict";

/**
 * Leave success and confidence out where no row fills them: what `without_silent` in
 * pipeline/data/reading/rows/parts.py does.
 * @type {(rows: Row[]) => string} what was done, in words
 */
function dropSilent(rows) {
  const silent = ["success", "confidence"].filter(
    (name) => rows.length && rows.every(({ numbers }) => Number.isNaN(numbers[name])),
  );
  for (const { numbers } of rows) for (const name of silent) delete numbers[name];
  return silent.length ? `Its ${silent.join(" and ")} is empty and as if not there.` : "";
}

/**
 * Read confidences in percent as shares: what pipeline/data/reading/rows/percent.py does.
 * @type {(rows: Row[]) => string} what was done, in words
 */
function readPercent(rows) {
  const known = rows.map((row) => row.numbers.confidence).filter(Number.isFinite);
  const over = known.filter((confidence) => confidence > 1);
  const highest = over.reduce((a, b) => Math.max(a, b), 0);
  if (!(over.length > 0.1 * known.length && highest > 10 && highest <= 100)) return "";
  for (const { numbers } of rows) numbers.confidence /= 100;
  return "Its confidence is given in percent, 98 is read as 0.98.";
}
