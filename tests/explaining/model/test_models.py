"""Every kind of model that a user may bring, explained by the same path."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from nodelens.errors import EnvironmentLacksError, UsageError
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.explanation import Explanation
from nodelens.explaining.model.applications import applications, find_application
from nodelens.explaining.model.layers import find_layer, list_layers
from nodelens.explaining.model.loading import load_classifier
from nodelens.explaining.model.preprocessing import preprocessor
from nodelens.explaining.model.request import refuse_unknown
from nodelens.explaining.pictures.photo import Photo
from nodelens.explaining.settings import GradcamSettings, ModelSettings

L = keras.layers
SIZE = (16, 20)


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


@pytest.fixture(scope="module")
def photo() -> Photo:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 40, 3), dtype=np.uint8)
    return Photo(Path("noise.png"), "", pixels)


def body(x, names=("low", "top")):
    draw = keras.initializers.RandomNormal(stddev=0.3, seed=1)
    for name in names:
        x = L.Conv2D(6, 3, padding="same", activation="relu", kernel_initializer=draw, name=name)(x)
    return x


def head(**options):
    draw = keras.initializers.RandomNormal(stddev=0.3, seed=2)
    return L.Dense(3, kernel_initializer=draw, name="scores", **options)


def functional(tail=None) -> keras.Model:
    image = keras.Input((*SIZE, 3))
    x = L.GlobalAveragePooling2D(name="pool")(body(L.Rescaling(1 / 255)(image)))
    return keras.Model(image, tail(x) if tail else head(activation="softmax")(x))


def sequential(*, with_input: bool) -> keras.Model:
    draw = keras.initializers.RandomNormal(stddev=0.3, seed=1)
    convolutions = [
        L.Conv2D(6, 3, padding="same", activation="relu", kernel_initializer=draw, name=name)
        for name in ("low", "top")
    ]
    first = [keras.Input((*SIZE, 3))] if with_input else []
    return keras.Sequential(
        [
            *first,
            L.Rescaling(1 / 255),
            *convolutions,
            L.GlobalAveragePooling2D(),
            head(activation="softmax"),
        ]
    )


def nested() -> keras.Model:
    inner_input = keras.Input((*SIZE, 3))
    base = keras.Model(inner_input, body(inner_input), name="base_1.00")
    image = keras.Input((*SIZE, 3))
    x = base(L.Rescaling(1 / 255)(image))
    x = L.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.Sequential([head(activation="softmax")], name="end")(x))


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    def __init__(self, **options):
        super().__init__(**options)
        draw = keras.initializers.RandomNormal(stddev=0.3, seed=1)
        self.scale = L.Rescaling(1 / 255)
        self.low, self.top = (
            L.Conv2D(6, 3, padding="same", activation="relu", kernel_initializer=draw, name=name)
            for name in ("low", "top")
        )
        self.scores = head()

    def call(self, images):
        x = self.top(self.low(self.scale(images)))
        return tf.nn.softmax(self.scores(tf.reduce_mean(x, axis=(1, 2))))


HEADS = {
    "dense": None,
    "activation": lambda x: L.Activation("softmax")(head()(x)),
    "softmax layer": lambda x: L.Softmax()(head()(x)),
    "function": lambda x: keras.ops.softmax(head()(x)),
    "logits": lambda x: head()(x),
    "reshaped": lambda x: L.Reshape((3,))(L.Reshape((1, 3))(head(activation="softmax")(x))),
    "dropout behind": lambda x: L.Dropout(0.5)(head(activation="softmax")(x)),
}
KINDS = {
    **{f"functional, {name}": (lambda tail=tail: functional(tail)) for name, tail in HEADS.items()},
    "sequential": lambda: sequential(with_input=True),
    "sequential without input": lambda: sequential(with_input=False),
    "nested": nested,
    "subclassed": Subclassed,
}


def explain(model, photo, tmp_path, **options) -> Explanation:
    model(np.zeros((1, *SIZE, 3), np.float32))
    model.save(tmp_path / "model.keras")
    request = ModelSettings(name=str(tmp_path / "model.keras"), input_size=SIZE)
    return Explainer(load_classifier(request), GradcamSettings(**options)).explain(photo)


@pytest.fixture(scope="module")
def expected(photo) -> np.ndarray:
    """By hand: behind an average over the cells and a dense layer, the map is A w / cells."""
    model = functional()
    resized = tf.convert_to_tensor(
        np.asarray(keras.utils.array_to_img(photo.pixels).resize(SIZE[::-1], 2), np.float32)
    )
    activations = keras.Model(model.input, model.get_layer("top").output)(resized[None])[0]
    kernel = model.get_layer("scores").get_weights()[0]
    return np.maximum(activations.numpy() @ kernel[:, 1] / (SIZE[0] * SIZE[1]), 0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_network_is_explained_alike_however_it_is_written(kind, photo, expected, tmp_path):
    found = explain(KINDS[kind](), photo, tmp_path, layers=["top"], classes=[1])
    np.testing.assert_allclose(found.maps[0].values, expected, rtol=1e-4, atol=1e-7)
    assert sum(p.score for p in found.predictions) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("kind", ["nested", "subclassed", "sequential without input"])
def test_the_last_layer_with_space_is_found_in_every_kind(kind, photo, tmp_path):
    found = explain(KINDS[kind](), photo, tmp_path)
    assert found.maps[0].layer.rpartition("/")[2] in {"top", "base_1.00"}


def test_a_nested_layer_is_named_by_its_path_or_alone():
    rows = list_layers(nested(), SIZE)
    assert find_layer(rows, "base_1.00/top") is find_layer(rows, "top")
    # Two convolutions of 3×3 with as many zeros around: 5 pixels, two of them before the first.
    field = find_layer(rows, "top").receptive_field.height
    assert (field.size, field.stride, field.padding, field.center) == (5, 1, 2, 0)


def test_a_nested_model_of_any_size_tells_its_shapes_for_the_size_it_is_used_at():
    inner_input = keras.Input((None, None, 3))
    base = keras.Model(inner_input, body(inner_input), name="base")
    image = keras.Input((*SIZE, 3))
    rows = list_layers(keras.Model(image, head()(L.Flatten()(base(image)))), SIZE)
    assert find_layer(rows, "top").output_shape == (*SIZE, 6)
    with pytest.raises(UsageError, match="no layer 'topp'") as caught:
        find_layer(rows, "topp")
    assert "did you mean base/top" in caught.value.hint


def test_a_name_that_two_nested_layers_bear_needs_its_path():
    image = keras.Input((*SIZE, 3))
    x = image
    for name in ("one", "two"):
        inner = keras.Input(x.shape[1:])
        x = keras.Model(inner, body(inner, ["same"]), name=name)(x)
    rows = list_layers(keras.Model(image, x), SIZE)
    with pytest.raises(UsageError, match="2 layers are called 'same'") as caught:
        find_layer(rows, "same")
    assert "one/same, two/same" in caught.value.hint


def test_the_last_layer_with_space_is_not_inside_a_branch():
    image = keras.Input((*SIZE, 3))
    trunk = body(image)
    branch = L.Conv2D(6, 3, padding="same", name="branch")(trunk)
    x = L.Reshape((1, 1, 6))(L.GlobalAveragePooling2D()(L.Add(name="sum")([trunk, branch])))
    rows = list_layers(keras.Model(image, L.Flatten()(x)), SIZE)
    assert find_layer(rows, "auto").name == "sum"


def test_a_layer_that_is_used_twice_is_refused(photo, tmp_path):
    image = keras.Input((*SIZE, 3))
    shared = L.Conv2D(3, 3, padding="same", name="shared")
    x = L.GlobalAveragePooling2D()(shared(shared(L.Rescaling(1 / 255)(image))))
    model = keras.Model(image, head(activation="softmax")(x))
    with pytest.raises(UsageError, match="used 2 times"):
        explain(model, photo, tmp_path, layers=["shared"])


def test_one_sigmoid_is_a_decision_between_two_classes(photo, tmp_path):
    model = functional(lambda x: L.Dense(1, activation="sigmoid", name="scores")(x))
    found = explain(model, photo, tmp_path, layers=["top"], classes=[0, 1])
    no, yes = found.maps
    assert no.target.logit == pytest.approx(-yes.target.logit)
    assert no.target.score + yes.target.score == pytest.approx(1)
    # What speaks for one class speaks against the other.
    assert (no.max, no.min) == pytest.approx((-yes.min, -yes.max), abs=1e-7)


def test_several_sigmoids_are_classes_of_their_own(photo, tmp_path):
    model = functional(lambda x: head(activation="sigmoid")(x))
    found = explain(model, photo, tmp_path)
    for prediction in found.predictions:
        assert prediction.score == pytest.approx(1 / (1 + np.exp(-prediction.logit)), abs=1e-5)


def test_mixed_precision_is_explained_in_single_precision(photo, expected, tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = functional(lambda x: L.Activation("softmax", dtype="float32")(head()(x)))
    finally:
        keras.config.set_dtype_policy("float32")
    found = explain(model, photo, tmp_path, layers=["top"], classes=[1])
    assert found.maps[0].values.dtype == np.float32
    np.testing.assert_allclose(found.maps[0].values, expected, atol=0.03 * expected.max())


def test_of_several_outputs_one_must_be_chosen(photo, tmp_path):
    image = keras.Input((*SIZE, 3))
    x = L.GlobalAveragePooling2D()(body(L.Rescaling(1 / 255)(image)))
    ends = [L.Dense(n, activation="softmax", name=name)(x) for n, name in [(2, "kind"), (4, "age")]]
    model = keras.Model(image, ends)
    with pytest.raises(UsageError, match="kind, age, and none was chosen"):
        explain(model, photo, tmp_path)
    request = ModelSettings(name=str(tmp_path / "model.keras"), output="age")
    found = Explainer(load_classifier(request)).explain(photo)
    assert len(found.predictions) == 4


def test_a_model_of_grey_pictures_is_fed_grey(photo, tmp_path):
    image = keras.Input((*SIZE, 1))
    x = L.GlobalAveragePooling2D()(body(L.Rescaling(1 / 255)(image)))
    keras.Model(image, head(activation="softmax")(x)).save(tmp_path / "grey.keras")
    found = Explainer(load_classifier(ModelSettings(name=str(tmp_path / "grey.keras"))))
    assert found.explain(photo).maps[0].values.shape == SIZE


def test_a_model_without_classes_is_refused(tmp_path):
    image = keras.Input((*SIZE, 3))
    keras.Model(image, body(L.Rescaling(1.0)(image))).save(tmp_path / "a.keras")
    with pytest.raises(UsageError, match="shape"):
        load_classifier(ModelSettings(name=str(tmp_path / "a.keras")))


def test_a_model_that_does_not_scale_its_input_needs_to_be_told_how(tmp_path):
    image = keras.Input((*SIZE, 3))
    x = L.GlobalAveragePooling2D()(body(image))
    keras.Model(image, head(activation="softmax")(x)).save(tmp_path / "a.keras")
    with pytest.raises(UsageError, match="how its pictures are to be scaled") as caught:
        load_classifier(ModelSettings(name=str(tmp_path / "a.keras")))
    assert "`model.preprocess`" in caught.value.hint
    request = ModelSettings(name=str(tmp_path / "a.keras"), preprocess="unit")
    assert load_classifier(request).preprocess_name == "unit"


def test_labels_name_the_classes(tmp_path):
    functional().save(tmp_path / "a.keras")
    (tmp_path / "labels.txt").write_text("cat\ndog\nbird\n")
    request = ModelSettings(name=str(tmp_path / "a.keras"), labels=str(tmp_path / "labels.txt"))
    assert load_classifier(request).class_names.find("Dog") == 1
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    with pytest.raises(UsageError, match="2 names, and the model has 3 classes"):
        load_classifier(request)


def test_code_in_a_model_does_not_run_unless_it_is_trusted(tmp_path):
    functional(lambda x: L.Lambda(lambda y: y * 2)(head(activation="softmax")(x))).save(
        tmp_path / "a.keras"
    )
    request = ModelSettings(name=str(tmp_path / "a.keras"))
    with pytest.raises(UsageError, match="cannot be loaded") as caught:
        load_classifier(request)
    assert "`model.trust`" in caught.value.hint
    trusted = ModelSettings(name=str(tmp_path / "a.keras"), trust=True)
    assert len(load_classifier(trusted).class_names) == 3


def test_custom_classes_come_from_a_file(tmp_path):
    source = (
        "import keras\n"
        "class Doubling(keras.layers.Layer):\n"
        "    def call(self, x):\n"
        "        return 2 * x\n"
    )
    (tmp_path / "doubling.py").write_text(source)
    namespace: dict = {}
    exec(source, namespace)
    model = functional(lambda x: head(activation="softmax")(namespace["Doubling"]()(x)))
    model.save(tmp_path / "a.keras")
    with pytest.raises(UsageError, match="cannot be loaded") as caught:
        load_classifier(ModelSettings(name=str(tmp_path / "a.keras")))
    assert "`model.imports`" in caught.value.hint
    request = ModelSettings(
        name=str(tmp_path / "a.keras"), imports=(str(tmp_path / "doubling.py"),)
    )
    assert len(load_classifier(request).class_names) == 3


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.keras", None, "no such file"),
        ("a.keras", b"no zip", "cannot be loaded"),
        ("a.h5", b"no hdf5", "cannot be loaded"),
        ("a.weights.h5", b"", "weights alone"),
        ("a.pt", b"", "suffix '.pt'"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path, name, content, says):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=says):
        load_classifier(ModelSettings(name=str(tmp_path / name)))


def test_an_unknown_network_is_answered_with_similar_names():
    with pytest.raises(UsageError, match="no model named 'resnet51'") as caught:
        refuse_unknown(ModelSettings(name="resnet51"))
    assert "did you mean resnet50" in caught.value.hint


def test_a_network_without_weights_is_an_error_with_remedies():
    with pytest.raises(EnvironmentLacksError, match="ImageNet weights of resnet50") as caught:
        load_classifier(ModelSettings(name="ResNet50"))
    assert "`model.download`" in caught.value.hint


@pytest.mark.parametrize("name", ["resnet50", "ResNet50", "res-net_50"])
def test_networks_are_found_however_they_are_spelled(name):
    assert find_application(name).function == "ResNet50"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layer", "shape"),
    [
        ("resnet50", "conv5_block3_out", (7, 7)),
        ("densenet121", "relu", (7, 7)),
        ("mobilenetv2", "out_relu", (7, 7)),
        ("mobilenetv3small", "activation", (7, 7)),
        ("efficientnetb0", "top_activation", (7, 7)),
    ],
)
def test_networks_of_keras_are_explained_at_their_last_layer_with_space(name, layer, shape, photo):
    classifier = load_classifier(ModelSettings(name=name, weights="random"))
    (found,) = Explainer(classifier).explain(photo).maps
    assert found.layer.startswith(layer)
    assert found.values.shape == shape


@pytest.mark.parametrize("application", applications().values(), ids=lambda a: a.name)
def test_preprocessing_and_checksum_of_every_network_are_keras_own(application):
    module = getattr(keras.applications, application.function).__module__
    theirs = __import__(module, fromlist=["x"]).preprocess_input
    pixels = np.random.default_rng(0).integers(0, 256, (1, 4, 4, 3), dtype=np.uint8)
    ours = preprocessor(application.preprocess)(pixels)
    np.testing.assert_allclose(ours, theirs(pixels.astype(np.float32)), atol=1e-4)
    sources = Path(__import__(module, fromlist=["x"]).__file__).parent.glob("*.py")
    assert any(application.checksum in source.read_text() for source in sources)
