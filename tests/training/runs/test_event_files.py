"""Event files hold the rows of the metrics, in the form that TensorBoard reads."""

from pathlib import Path

import tensorflow as tf

from nodelens.training.runs.event_files import event_files

Scalars = dict[str, list[tuple[int, float]]]


def scalars(directory: Path) -> Scalars:
    """What TensorBoard would draw: the values of each curve by step."""
    found: Scalars = {}
    (file,) = directory.iterdir()
    for record in tf.data.TFRecordDataset(str(file)):
        event = tf.compat.v1.Event.FromString(record.numpy())
        for value in event.summary.value:
            assert value.metadata.plugin_data.plugin_name == "scalars"
            number = float(tf.make_ndarray(value.tensor))
            found.setdefault(value.tag, []).append((event.step, number))
    return found


def row(step: int, **values: float | None) -> dict[str, float | None]:
    return {"step": step, **values}


def test_every_number_is_a_curve(tmp_path: Path) -> None:
    with event_files(tmp_path / "events", []) as append:
        append(row(50, train_loss=0.5, val_loss=None))
        # What is written is there at once: TensorBoard watches while the training goes on.
        assert scalars(tmp_path / "events") == {"training/train_loss": [(50, 0.5)]}
        append(row(100, train_loss=0.25, val_loss=0.75))
    assert scalars(tmp_path / "events") == {
        "training/train_loss": [(50, 0.5), (100, 0.25)],
        "training/val_loss": [(100, 0.75)],
    }


def test_a_resumed_run_has_no_step_twice(tmp_path: Path) -> None:
    with event_files(tmp_path / "events", []) as append:
        append(row(50, train_loss=0.5))
        append(row(100, train_loss=9.0))
    with event_files(tmp_path / "events", [row(50, train_loss=0.5)]) as append:
        append(row(100, train_loss=0.25))
    assert scalars(tmp_path / "events") == {"training/train_loss": [(50, 0.5), (100, 0.25)]}
