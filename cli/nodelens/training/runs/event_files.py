"""The metrics of a run as event files, which TensorBoard shows during the training."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tensorflow as tf

TRAINING = "training/"
# Makes TensorBoard draw a tensor as a curve. `tf.summary.scalar` sets the same, but cannot be
# called where TensorBoard is not installed.
SCALAR = tf.compat.v1.SummaryMetadata(
    plugin_data=tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars"), data_class=1
)

Row = Mapping[str, Any]


@contextmanager
def event_files(directory: Path, earlier: Iterable[Row]) -> Iterator[Callable[[Row], None]]:
    """Opens event files with the same rows as the metrics, also after a resume.

    Args:
        directory: Their directory, whose content is replaced.
        earlier: The rows of the metrics so far.

    Yields:
        The function that writes every number of a row as a scalar at its step.
    """
    shutil.rmtree(directory, ignore_errors=True)
    writer = tf.summary.create_file_writer(str(directory))

    def append(row: Row) -> None:
        with writer.as_default(step=row["step"]):
            for name, value in row.items():
                if name != "step" and value is not None:
                    number = tf.constant(value, tf.float32)
                    tf.summary.write(TRAINING + name, number, metadata=SCALAR)
        writer.flush()  # TensorBoard watches during the training

    try:
        for row in earlier:
            append(row)
        yield append
    finally:
        writer.close()
