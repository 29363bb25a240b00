"""The metrics of a run as event files, which TensorBoard shows during the training."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
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


class EventFiles:
    """An open event file.

    Args:
        writer: The writer of the file.
    """

    def __init__(self, writer: tf.summary.SummaryWriter) -> None:
        self._writer = writer

    def append(self, row: Row) -> None:
        """Writes every number of a row of the metrics as a scalar at its step, and flushes."""
        with self._writer.as_default(step=row["step"]):
            for name, value in row.items():
                if name != "step" and value is not None:
                    tf.summary.write(
                        TRAINING + name, tf.constant(value, tf.float32), metadata=SCALAR
                    )
        self._writer.flush()


@contextmanager
def event_files(directory: Path, earlier: Iterable[Row]) -> Iterator[EventFiles]:
    """Opens event files with the same rows as the metrics, also after a resume.

    Args:
        directory: Their directory, whose content is replaced.
        earlier: The rows of the metrics so far.

    Yields:
        The files, for further rows.
    """
    shutil.rmtree(directory, ignore_errors=True)
    writer = tf.summary.create_file_writer(str(directory))
    files = EventFiles(writer)
    try:
        for row in earlier:
            files.append(row)
        yield files
    finally:
        writer.close()
