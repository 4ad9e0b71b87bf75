"""One epoch by Keras on TensorFlow: python epoch_keras.py TREE mlp|cnn 64|best disk|cache

image_dataset_from_directory with tf.data's prefetching; with `cache`, what it has read once stays in memory as batches
that are the same in each epoch. From on_epoch_begin to on_epoch_end is its time, without validation.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

from batches import PROBED, chosen
from networks import DEVIATION, MEAN
from protocol import serve

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf
from keras import layers


class Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, *_: Any) -> None:
        self.began = time.perf_counter()

    def on_epoch_end(self, *_: Any) -> None:
        self.seconds = time.perf_counter() - self.began


def network(kind: str) -> keras.Model:
    """As networks.py has it, from pixels 0..255."""
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Rescaling(1 / 255 / DEVIATION, -MEAN / DEVIATION)])
    # As in PyTorch, whose momentum of 0.1 is Keras's 0.9.
    if kind == "mlp":
        model.add(layers.Flatten())
        for width in (512, 256):
            model.add(layers.Dense(width, use_bias=False))
            model.add(layers.BatchNormalization(momentum=0.9, epsilon=1e-5))
            model.add(layers.ReLU())
            model.add(layers.Dropout(0.3))
    else:
        for filters in (32, 64, 128):
            model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
            model.add(layers.MaxPooling2D())
            model.add(layers.BatchNormalization(momentum=0.9, epsilon=1e-5))
            model.add(layers.ReLU())
        model.add(layers.Flatten())
        model.add(layers.Dropout(0.3))
    model.add(layers.Dense(26))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss)
    return model


def main() -> None:
    tree, kind, asked, kept = sys.argv[1:]
    clock = Clock()

    def dataset(batch: int) -> Any:
        found = keras.utils.image_dataset_from_directory(
            Path(tree) / "train", color_mode="grayscale", image_size=(28, 28), batch_size=batch, verbose=False
        )
        return (found.cache() if kept == "cache" else found).prefetch(tf.data.AUTOTUNE)

    def timed(model: keras.Model, letters: Any) -> float:
        model.fit(letters, epochs=1, verbose=0, callbacks=[clock])
        return clock.seconds

    def probe(batch: int) -> float:
        model, few = network(kind), dataset(batch).take(min(PROBED, count) // batch)
        timed(model, few)
        return timed(model, few)

    count = len(list((Path(tree) / "train").glob("*/*.jpg")))
    batch = chosen(asked, count, probe)
    model, letters = network(kind), dataset(batch)
    timed(model, letters)
    timed(model, letters)
    serve(lambda _: {"seconds": timed(model, letters), "batch": batch})


if __name__ == "__main__":
    main()
