"""The division of samples into training, validation and test."""

from dataclasses import dataclass

import numpy as np

from nodelens.datasets.samples import SampleData, Samples
from nodelens.errors import UsageError


@dataclass(frozen=True)
class SampleSplit:
    """A division of samples.

    Attributes:
        train: The samples to train on.
        validation: The samples evaluated during the training; None if there are none.
        test: The samples evaluated once, at the end; None if there are none.
        how: The parts, in words.
    """

    train: Samples
    validation: Samples | None
    test: Samples | None
    how: str

    @property
    def unseen(self) -> Samples:
        """The test part, else the validation part, else what is trained on."""
        return self.test or self.validation or self.train


def split_samples(data: SampleData, *, validation: float, test: float, seed: int) -> SampleSplit:
    """Draws a validation part and, unless the data has one of its own, a test part.

    Labelled samples are drawn class by class, so that each part has the same share of every class.

    Args:
        data: All samples.
        validation: The fraction for validation; 0 means none.
        test: The fraction for the test; 0 means none.
        seed: The seed of the draws.

    Raises:
        UsageError: If too little would be left to train on.
    """
    test = 0.0 if data.test is not None else test
    samples = data.samples
    generator = np.random.default_rng(seed)
    groups = (
        [np.flatnonzero(samples.y == label) for label in range(len(samples.classes))]
        if samples.labelled
        else [np.arange(len(samples))]
    )
    parts: tuple[list[np.ndarray], ...] = ([], [], [])
    for label, group in enumerate(groups):
        rows = generator.permutation(group)
        kept = [max(1, round(share * len(rows))) if share else 0 for share in (validation, test)]
        if len(rows) <= sum(kept):
            name = f"class {samples.classes[label]!r} has" if samples.labelled else "there are"
            raise UsageError(
                f"{name} {len(rows)} samples: too few to hold out {sum(kept)} and train on others",
                hint="lower data.validation.fraction or data.test.fraction, or add samples",
            )
        first, second = kept[0], sum(kept)
        for part, chosen in zip(
            parts, (rows[second:], rows[:first], rows[first:second]), strict=True
        ):
            part.append(chosen)
    train, validating, testing = (np.sort(np.concatenate(part)) for part in parts)
    drawn = "drawn at random" + (" with equal shares of every class" if samples.labelled else "")
    tested = data.test if data.test is not None else samples.at(testing) if test else None
    words = [f"{len(train):,} samples to train on"]
    words += [f"{len(validating):,} to validate by"] if validation else []
    if tested is not None:
        own = " of its own" if data.test is not None else ""
        words.append(f"{len(tested):,}{own} to test with")
    how = ", ".join(words) + (f", {drawn}" if validation or test else "")
    return SampleSplit(
        samples.at(train), samples.at(validating) if validation else None, tested, how
    )
