"use strict";

/**
 * A column of action units: `graded` ones are intensities, `presence` is the place of the column
 * that says whether the same action unit is there.
 * @typedef {{name: string, graded: boolean, highest: number, presence: number | null}} Column
 *
 * The trained model as the page holds it. `people` are the people of training, where the model
 * takes out each person's own level; `weights` are numbers of 4 bytes in base64: scale and offset
 * of each feature, then for each layer the kernels (members, inputs, units) and biases (members,
 * units).
 * @typedef {{
 *   extractor: string, columns: Column[], emotions: {name: string, threshold: number}[],
 *   presets: number[][], squareRoot: boolean, shrinkClips: number,
 *   people: {mean: number[], variance: number[]} | null,
 *   minConfidence: number, calm: boolean, members: number, sizes: number[], weights: string,
 * }} Model
 *
 * What is known of one person: features become `mean + (x - own) * scale`.
 * @typedef {{own: number[], scale: number[]}} Person
 *
 * @typedef {{kernel: Float32Array, bias: Float32Array}} Layer
 * @typedef {{scale: Float32Array, offset: Float32Array, members: Layer[][]}} Network
 */

/**
 * Unpack the weights: the layers of each member.
 * @param {Model} model
 * @returns {Network}
 */
function unpack(model) {
  const bytes = Uint8Array.from(atob(model.weights), (letter) => letter.charCodeAt(0));
  const numbers = new Float32Array(bytes.buffer);
  let at = 0;
  const take = (/** @type {number} */ count) => numbers.subarray(at, (at += count));
  const [scale, offset] = [take(model.sizes[0]), take(model.sizes[0])];
  /** @type {Layer[][]} */
  const members = Array.from({ length: model.members }, () => []);
  for (let i = 1; i < model.sizes.length; i++) {
    const kernels = members.map(() => take(model.sizes[i - 1] * model.sizes[i]));
    members.forEach((layers, m) => layers.push({ kernel: kernels[m], bias: take(model.sizes[i]) }));
  }
  return { scale, offset, members };
}

/**
 * Compute the probability of each emotion.
 * @param {Network} network
 * @param {Float32Array} features
 * @returns {Float32Array}
 */
function probabilities(network, features) {
  const inputs = Float64Array.from(features, (x, i) => x * network.scale[i] + network.offset[i]);
  const relu = (/** @type {number} */ x) => Math.max(0, x);
  const sigmoid = (/** @type {number} */ x) => 1 / (1 + Math.exp(-x));
  const outputs = network.members.map((layers) =>
    layers.reduce((signal, layer, i) => {
      return product(signal, layer).map(i + 1 < layers.length ? relu : sigmoid);
    }, inputs),
  );
  const total = outputs.reduce((sums, own) => sums.map((sum, i) => sum + own[i]));
  return Float32Array.from(total, (sum) => sum / outputs.length);
}

/**
 * Multiply a signal by a layer's kernel, (inputs, units) row by row, and add its bias.
 * @param {Float64Array} signal
 * @param {Layer} layer
 * @returns {Float64Array}
 */
function product(signal, { kernel, bias }) {
  const sums = Float64Array.from(bias);
  for (let i = 0; i < signal.length; i++) {
    const strength = signal[i];
    if (strength === 0) continue; // most units behind max(0, x)
    const row = i * sums.length;
    for (let j = 0; j < sums.length; j++) sums[j] += strength * kernel[row + j];
  }
  return sums;
}

/**
 * Take the square roots of action units, where the model does.
 * @param {Model} model
 * @param {ArrayLike<number>} aus
 * @returns {Float32Array}
 */
function rooted(model, aus) {
  return Float32Array.from(aus, model.squareRoot ? Math.sqrt : (x) => x);
}

/**
 * Learn a person's own level from all frames of one recording, drawn towards that of the training
 * people: what `calibrated` in pipeline/data/features/feature_map.py does for one clip.
 * @param {Model} model
 * @param {Float32Array[]} frames action units, a row a frame; without any, of nobody known
 * @returns {Person | null} null where the model takes everybody's as they are
 */
function personOf(model, frames) {
  const people = model.people;
  if (!people) return null;
  const rows = frames.map((aus) => rooted(model, aus));
  const share = rows.length ? 1 / (1 + model.shrinkClips) : 0;
  const mixed = (/** @type {number} */ own, /** @type {number} */ usual) =>
    share ? share * own + (1 - share) * usual : usual;
  const average = (/** @type {(row: Float32Array) => number} */ of) =>
    rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
  const middle = people.mean.map((_, i) => average((row) => row[i]));
  const variance = people.variance.map((usual, i) =>
    mixed(average((row) => (row[i] - middle[i]) ** 2), usual),
  );
  return {
    own: people.mean.map((usual, i) => mixed(middle[i], usual)),
    scale: variance.map((own, i) => (own > 0 ? Math.sqrt(people.variance[i] / own) : 1)),
  };
}

/**
 * Make of action units what the network takes.
 * @param {Model} model
 * @param {ArrayLike<number>} aus
 * @param {Person | null} person
 * @returns {Float32Array}
 */
function featuresOf(model, aus, person) {
  const values = rooted(model, aus);
  const mean = model.people?.mean;
  if (!person || !mean) return values;
  return values.map((x, i) => mean[i] + (x - person.own[i]) * person.scale[i]);
}

/**
 * Say which emotions reach their thresholds, rounded as the pipeline rounds both.
 * @param {Model} model
 * @param {ArrayLike<number>} predicted
 * @returns {boolean[]}
 */
function present(model, predicted) {
  return model.emotions.map(({ threshold }, i) => predicted[i] >= Math.fround(threshold));
}
