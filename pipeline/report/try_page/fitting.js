"use strict";

const FEWEST_TO_TELL_UNITS = 100; // of so many frames of a face one has an intensity above 1

/**
 * Refuse another extractor than the model's, and action units that are lacking.
 * @type {(header: Header, model: Model) => void}
 */
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
    const bare = lacking.map(({ name }) => name.split("_")[0]).find((name) => places.has(name));
    const advice = bare
      ? `It has ${bare} without a suffix; if these are intensities, ${PREDICT}`
      : "Extract all action units that the model takes.";
    throw new Refusal(`it lacks ${names}. ${advice}`);
  }
}

/**
 * Refuse a file of which no frame is left, and intensities that seem to end at 1.
 * @type {(rows: Row[], aside: Map<string, number>, model: Model) => void}
 */
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
