"""Binary cross-entropy with a weight per emotion, for labels in [0, 1].

Keras' own `class_weight` cannot weigh several labels of one row, so the weights sit in the loss.
"""

from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import ops

Mode = Literal["emotion", "positive", "none"]
_EPSILON = 1e-7


@keras.saving.register_keras_serializable(package="au_emotion")
class WeightedBinaryCrossentropy(keras.losses.Loss):
    """Mean over emotions of `-(v * y * log p + u * (1 - y) * log(1 - p))`.

    Mode `emotion` weighs both terms (u = v = weight), `positive` the first alone (u = 1),
    `none` neither.
    """

    def __init__(
        self, weights: Sequence[float], mode: Mode, name: str = "weighted_bce", **options: Any
    ) -> None:
        super().__init__(name=name, **options)
        self.weights = [float(weight) for weight in weights]
        self.mode = mode

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Compute the loss of each row from labels and probabilities (rows, emotions)."""
        ones = [1.0] * len(self.weights)
        positive = ops.convert_to_tensor(ones if self.mode == "none" else self.weights)
        negative = ops.convert_to_tensor(self.weights if self.mode == "emotion" else ones)
        predicted = ops.clip(y_pred, _EPSILON, 1.0 - _EPSILON)
        labels = ops.cast(y_true, predicted.dtype)
        terms = positive * labels * ops.log(predicted)
        terms += negative * (1.0 - labels) * ops.log(1.0 - predicted)
        return -ops.mean(terms, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Give what it takes to build this loss again."""
        return {**super().get_config(), "weights": self.weights, "mode": self.mode}
