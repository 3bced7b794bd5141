"""A small convolutional network in Keras 3, on whichever back end is there (`KERAS_BACKEND`: jax, tensorflow, torch).

`[train] command = ["python", "keras_small.py"]`. Follows the job's order, keeps a checkpoint after every epoch and goes
on from there to the same bits (on a CPU); altered copies are altered once. Needs keras with a back end, numpy, howfar.
"""

import sys

import howfar
import keras
import numpy as np
from keras import layers


def network_of(job):
    blocks = []
    for n_out in (16, 32, 64):
        blocks += [layers.Conv2D(n_out, 3, padding="same", use_bias=False), layers.BatchNormalization(momentum=0.9)]
        blocks += [layers.ReLU(), layers.MaxPooling2D()]
    ends = [layers.Flatten(), layers.Dense(len(job.classes), activation="softmax")]
    network = keras.Sequential(
        [keras.Input((job.side, job.side, job.channels)), layers.Rescaling(1 / 255), *blocks, *ends]
    )
    network.compile(
        optimizer=keras.optimizers.AdamW(job.settings.learning_rate, weight_decay=0.01),
        loss="sparse_categorical_crossentropy",
        weighted_metrics=["accuracy"],
    )
    return network


job = howfar.trainer.job()
keras.utils.set_random_seed(job.seed)
pictures, labels, weights = job.arrays("training")
altered = job.changed()
pictures[altered] = howfar.trainer.alter(pictures[altered], job.seed)
validation = job.arrays("validation")

kept = sorted(job.checkpoint.glob("epoch-*.keras"))
network = keras.saving.load_model(kept[-1]) if kept else network_of(job)
done = int(kept[-1].stem.removeprefix("epoch-")) if kept else 0
for epoch, rows in enumerate(job.epochs_order()):
    if epoch < done:
        continue
    batches = np.split(rows, range(job.settings.batch, len(rows), job.settings.batch))
    network.reset_metrics()
    for i, batch in enumerate(batches):
        if job.stop_requested:
            sys.exit("stopped; the checkpoint of the last epoch is kept")
        said = network.train_on_batch(pictures[batch], labels[batch], sample_weight=weights[batch], return_dict=True)
        job.progress(step=epoch * len(batches) + i + 1, steps=job.settings.steps, loss=float(said["loss"]))
    judged = network.evaluate(validation.pictures, validation.labels, verbose=0, return_dict=True)
    job.epoch(epoch + 1, said["loss"], judged["loss"], judged["accuracy"])
    with job.replacing(job.checkpoint / f"epoch-{epoch + 1:04}.keras") as temporary:
        network.save(temporary)
    for older in kept:
        older.unlink(missing_ok=True)
    kept = [job.checkpoint / f"epoch-{epoch + 1:04}.keras"]

job.write(network.predict(job.arrays("predict").pictures, batch_size=256, verbose=0))
