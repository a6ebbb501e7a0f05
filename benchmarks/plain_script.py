"""Train as one does first: pandas, `model.fit`, a score; no check, no record.

Run as `python -m benchmarks.plain_script FOLDER LAYOUT`: `expression` is labelled by the rules of
the recipe in a loop over rows, of `openface` (RAVDESS) the names of clips tell the categories. Has
the recipe's network and callbacks, Keras' own batch size of 32, and validates on the test people.
Prints best validation loss, epochs and frames as JSON.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from throwaway import PARAMS

from pipeline.settings import params
from pipeline.settings.schema import Params, Recipe

Labelled = tuple[pd.DataFrame, np.ndarray, pd.Series]  # frames, labels (frames, emotions), people


def expression(folder: Path, settings: Params) -> Labelled:
    """Read frames, and label them row by row."""
    rules, divisors = settings.label.rules, settings.chosen.divisors
    tables = [
        pd.read_csv(path).assign(clip=path.stem.removesuffix("_aus"))
        for path in sorted((folder / "AUs").glob("*_aus.csv"))
    ]
    frames = pd.concat(tables)
    labels = []
    for _, row in frames.iterrows():
        valence = row["clip"].rpartition("_")[2]
        labels.append(
            [
                min(1.0, np.mean([row[f"AU{au:02d}_r"] for au in rule.aus]) / divisors[name])
                if valence == rule.valence
                else 0.0
                for name, rule in rules.items()
            ]
        )
    return frames, np.array(labels, dtype=np.float32), frames["clip"].str.split("_").str[0]


def openface(folder: Path, _settings: Params) -> Labelled:
    """Read frames of RAVDESS; what its names say is known of every frame."""
    tables = [pd.read_csv(path, sep=";").assign(clip=path.stem) for path in folder.glob("*.csv")]
    frames = pd.concat(tables)
    codes = frames["clip"].str.split("-")
    return frames, pd.get_dummies(codes.str[2]).to_numpy(np.float32), codes.str[6]


def build(features: np.ndarray, emotions: int, recipe: Recipe) -> Any:
    """Build and compile the recipe's network."""
    import keras

    layers = [keras.Input((features.shape[1],)), keras.layers.Normalization()]
    layers[1].adapt(features)
    for units, rate in zip(recipe.hidden, recipe.dropout, strict=True):
        dense = keras.layers.Dense(units, use_bias=False)
        layers += [dense, keras.layers.BatchNormalization(), keras.layers.ReLU()]
        layers.append(keras.layers.Dropout(rate))
    model = keras.Sequential([*layers, keras.layers.Dense(emotions, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    return model


def learn(labelled: Labelled, settings: Params) -> dict[str, float]:
    """Train, score, and give best validation loss and epochs."""
    import keras
    from sklearn.metrics import average_precision_score

    frames, answers, people = labelled
    features = frames.filter(like="AU").to_numpy(np.float32)
    chosen = np.random.default_rng(7).permutation(people.unique())
    test = people.isin(chosen[: len(chosen) // 5]).to_numpy()
    recipe = settings.chosen
    model = build(features[~test], answers.shape[1], recipe)
    stop = keras.callbacks.EarlyStopping(
        patience=recipe.early_stopping_patience, restore_best_weights=True
    )
    slow = keras.callbacks.ReduceLROnPlateau(patience=recipe.lr_patience, factor=0.5)
    history = model.fit(
        features[~test],
        answers[~test],
        epochs=recipe.epochs,
        validation_data=(features[test], answers[test]),
        callbacks=[stop, slow],
        verbose=0,
    ).history
    average_precision_score(answers[test] >= 0.5, model.predict(features[test], verbose=0))
    return {"val_loss": min(history["val_loss"]), "epochs": len(history["loss"])}


def main(folder: str, layout: str) -> None:
    settings = params.load(PARAMS)
    labelled = {"expression": expression, "openface": openface}[layout](Path(folder), settings)
    print(json.dumps(learn(labelled, settings) | {"frames": len(labelled[0])}))


if __name__ == "__main__":
    main(*sys.argv[1:])
