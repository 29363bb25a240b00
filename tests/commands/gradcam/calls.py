"""What the tests of `node gradcam` share: the call, and a small model."""

from nodelens.entry import run
from nodelens.runtime.resources import sample_images

CAT = sample_images() / "cat.jpg"
COFFEE = sample_images() / "coffee.jpg"


def gradcam(capsys, *arguments: object) -> tuple[int, str, str]:
    code = run(["gradcam", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def save_small_model(*, bent: bool = False) -> None:
    """Writes `mine.keras`, a classifier of two classes; linear up to its softmax unless bent."""
    import keras

    keras.utils.set_random_seed(0)
    top = [keras.layers.GlobalAveragePooling2D()]
    if bent:
        top = [keras.layers.Flatten(), keras.layers.Dense(8, activation="relu")]
    layers = [
        keras.Input((32, 32, 3)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(4, 3, activation="relu" if bent else None, name="conv"),
        *top,
        keras.layers.Dense(2, activation="softmax", name="scores"),
    ]
    keras.Sequential(layers).save("mine.keras")
