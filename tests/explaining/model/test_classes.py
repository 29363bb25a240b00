import pytest

from nodelens.errors import UsageError
from nodelens.explaining.model.classes import ClassNames, imagenet_classes


@pytest.fixture(scope="module")
def classes() -> ClassNames:
    return imagenet_classes()


def test_there_are_a_thousand_classes_in_the_order_of_keras(classes):
    # From Keras' documentation of decode_predictions and the original synset list.
    assert len(classes) == 1000
    assert (classes[0], classes[285], classes[999]) == ("tench", "Egyptian_cat", "toilet_tissue")
    assert classes.ids[285] == "n02124075"


@pytest.mark.parametrize(
    "text",
    ["285", " 285 ", "Egyptian_cat", "egyptian cat", "EGYPTIAN-CAT", "Egyptian  cat", "n02124075"],
)
def test_a_class_is_found_by_index_by_name_and_by_wordnet_id(classes, text):
    assert classes.find(text) == 285


@pytest.mark.parametrize(("name", "both"), [("crane", (134, 517)), ("maillot", (638, 639))])
def test_a_name_of_two_classes_is_refused_with_both_indices(classes, name, both):
    with pytest.raises(UsageError) as caught:
        classes.find(name)
    for index in both:
        assert str(index) in caught.value.message


def test_an_exact_spelling_wins_over_another_class_that_differs_in_capitals(classes):
    assert classes.find("Cardigan") == 264  # the dog
    assert classes.find("cardigan") == 474  # the knitwear
    with pytest.raises(UsageError, match=r"264.*474"):
        classes.find("CARDIGAN")


@pytest.mark.parametrize("text", ["1000", "-1", "99999999999"])
def test_an_index_out_of_range_tells_the_range(classes, text):
    with pytest.raises(UsageError, match="from 0 to 999"):
        classes.find(text)


@pytest.mark.parametrize(("typed", "meant"), [("egyptian_kat", "285"), ("retriever", "207")])
def test_an_unknown_name_is_answered_with_similar_ones(classes, typed, meant):
    with pytest.raises(UsageError) as caught:
        classes.find(typed)
    assert meant in (caught.value.hint or "")


@pytest.mark.parametrize("text", ["", "   ", "_", "no such thing at all"])
def test_what_names_no_class_is_refused(classes, text):
    with pytest.raises(UsageError, match="no class named"):
        classes.find(text)


def test_classes_need_no_identifiers():
    assert ClassNames(("a", "b")).find("B") == 1
