"""The datasets a model can be fitted to.

To add one: a settings class here, whose properties tell its size and shape, and its name in ``AnyDataset`` or
``BuiltInDataset`` at the end; its data go into ``ayla_core.datasets``.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from ayla_spec.errors import SpecIssue
from ayla_spec.limits import MAX_FEATURES, MAX_SAMPLES, MAX_SEED
from ayla_spec.model import SpecModel
from ayla_spec.text import FileName, Hexadecimal, UploadId, UploadName

_LEAST_SAMPLES = 2
Samples = Annotated[int, Field(ge=_LEAST_SAMPLES, le=MAX_SAMPLES)]
DataSeed = Annotated[int, Field(ge=0, le=MAX_SEED)]
TestFraction = Annotated[float, Field(ge=0, lt=1)]

HEADER = (
    "True: the first line of a CSV has the names of the columns, whatever they are. Default: it has the names, and a "
    "line of numbers alone is refused."
)
"""Description of the setting ``header``, which uploads have too."""

_SPLIT = "Share of the samples that is kept for the test metrics, drawn with data_seed; the rest is trained on."
_DATA_SEED = "Drives the generated samples and the split. The same for every trial; a trial's seed changes neither."


class _Dataset(SpecModel):
    """Size and shape of a dataset, as far as its settings tell before it is loaded."""

    image_side: ClassVar[int | None] = None
    """Height and width of its images in pixels; None where the samples are no images."""

    @property
    def training_samples(self) -> int | None:
        """Samples that one epoch passes over; None where only the data tell."""
        return None

    @property
    def test_samples(self) -> int | None:
        """Samples of the test part; None where only the data tell."""
        return 0

    @property
    def features(self) -> int | None:
        """Inputs of one sample; None where only the data tell."""
        return None if self.image_side is None else self.image_side**2

    @property
    def classes(self) -> int | None:
        """Number of classes; None where the targets are numbers or only the data tell."""
        return None

    @property
    def has_classes(self) -> bool:
        """Whether targets are class labels."""
        return self.classes is not None

    @property
    def may_be_one_dimensional(self) -> bool:
        """Whether one number may be predicted from one, so that predictions make a curve."""
        return not self.has_classes and self.features in (None, 1)

    @property
    def generated_values(self) -> int:
        """Samples times features of a generated dataset; 0 where the size is fixed or that of a file."""
        return 0

    def issues(self) -> Iterator[SpecIssue]:
        """Settings that do not go together, with pointers to the fields of the dataset such as ``/high``."""
        yield from ()


class CurveDataset(_Dataset):
    """Points of a quartic curve with Gaussian noise, evenly spaced with both ends (paper section 3.2).

    The target is the polynomial with ``coefficients`` (highest power first) plus noise of standard deviation
    ``noise``, drawn first from ``numpy.random.RandomState(seed)`` with the seed of the trial.
    """

    name: Literal["curve"] = "curve"
    samples: Samples = Field(100, description="Points in all; there is no test part.")
    low: float = Field(-1.0, description="The first point.")
    high: float = Field(3.0, description="The last point, above low.")
    coefficients: list[float] = Field(
        [1 / 3, -4 / 3, 1.0, 2 / 3, -2 / 3],
        min_length=1,
        max_length=100,
        description="Of the polynomial, highest power first.",
    )
    noise: float = Field(0.2, ge=0, description="Standard deviation of the noise added to the target.")

    @property
    def training_samples(self) -> int:
        """All of them."""
        return self.samples

    @property
    def features(self) -> int:
        """One, x."""
        return 1

    def issues(self) -> Iterator[SpecIssue]:
        """Ends in the wrong order."""
        if self.low >= self.high:
            yield SpecIssue("/high", "Must be above 'low'.")


class _MnistFormat(_Dataset):
    image_side: ClassVar[int | None] = 28

    @property
    def training_samples(self) -> int:
        """All of the training files."""
        return 60_000

    @property
    def test_samples(self) -> int:
        """All of the test files."""
        return 10_000

    @property
    def classes(self) -> int:
        """Ten."""
        return 10


class MnistDataset(_MnistFormat):
    """Handwritten digits: 60 000 images of 28 x 28 to train on and 10 000 to test on, values 0 to 1."""

    name: Literal["mnist"] = "mnist"


class FashionMnistDataset(_MnistFormat):
    """Pieces of clothing, in the format and numbers of MNIST."""

    name: Literal["fashion-mnist"] = "fashion-mnist"


class _Split(_Dataset):
    test_fraction: TestFraction = Field(0.2, description=_SPLIT)
    data_seed: DataSeed = Field(0, description=_DATA_SEED)

    @property
    def total_samples(self) -> int | None:
        """Samples before the split; None where only the data tell."""
        return None

    @property
    def training_samples(self) -> int | None:
        """Samples that the split leaves to train on."""
        return None if self.total_samples is None else self.kept(self.total_samples)

    @property
    def test_samples(self) -> int | None:
        """Samples that the split does not leave to train on."""
        total = self.total_samples
        return (None if self.test_fraction > 0 else 0) if total is None else total - self.kept(total)

    def kept(self, samples: int) -> int:
        """Samples of ``samples`` that are trained on: at least one, and all but the rounded share."""
        return max(1, samples - round(samples * self.test_fraction))


class DigitsDataset(_Split):
    """scikit-learn's 1 797 handwritten digits of 8 x 8, values 0 to 1; part of the installation."""

    image_side: ClassVar[int | None] = 8
    name: Literal["digits"] = "digits"

    @property
    def total_samples(self) -> int:
        """As many as scikit-learn has."""
        return 1797

    @property
    def classes(self) -> int:
        """Ten."""
        return 10


class _Generated(_Split):
    # Fields of the subclasses: here they would stand before the name, and the JSON of a spec has another digest then.
    if TYPE_CHECKING:
        samples: int
        feature_count: int

    @property
    def total_samples(self) -> int:
        """As many as are asked for."""
        return self.samples

    @property
    def features(self) -> int:
        """As many as are asked for."""
        return self.feature_count

    @property
    def generated_values(self) -> int:
        """Of all samples."""
        return self.samples * self.feature_count


class RegressionDataset(_Generated):
    """Generated: standard normal inputs, a random linear target of unit variance, Gaussian noise.

    Only ``informative`` of the features count.
    """

    name: Literal["regression"] = "regression"
    samples: Samples = Field(1000, description="Samples in all.")
    feature_count: int = Field(10, ge=1, le=MAX_FEATURES, description="Columns predicted from.")
    informative: int | None = Field(None, ge=1, le=MAX_FEATURES, description="Default: all features.")
    noise: float = Field(0.1, ge=0, description="Standard deviation of the noise added to the target.")

    def issues(self) -> Iterator[SpecIssue]:
        """More features that count than there are."""
        if self.informative is not None and self.informative > self.feature_count:
            yield SpecIssue("/informative", f"Must be at most 'feature_count', which is {self.feature_count}.")


class ClassificationDataset(_Generated):
    """Generated: one Gaussian cloud of unit variance per class, their centres ``separation`` from the origin."""

    name: Literal["classification"] = "classification"
    samples: Samples = Field(1000, description="Samples in all.")
    feature_count: int = Field(10, ge=1, le=MAX_FEATURES, description="Columns predicted from.")
    class_count: int = Field(3, ge=2, le=1000, description="Classes of the target.")
    separation: float = Field(2.0, ge=0, description="Distance of each centre from the origin.")

    @property
    def classes(self) -> int:
        """As many as are asked for."""
        return self.class_count

    def issues(self) -> Iterator[SpecIssue]:
        """More classes than samples to learn them from."""
        samples = self.kept(self.samples)
        if self.class_count > samples:
            yield SpecIssue("/class_count", f"Must be at most the number of training samples, which is {samples}.")


def _said(value: bool) -> bool:  # noqa: FBT001  # as pydantic calls it
    if not value:
        raise ValueError("must be true, or left out; without names in its first line a CSV cannot be read")
    return value


class _Table(_Split):
    target: str = Field("target", min_length=1, max_length=200, description="Column that is predicted (CSV, Parquet).")
    inputs: list[Annotated[str, Field(min_length=1, max_length=200)]] | None = Field(
        None, min_length=1, max_length=MAX_FEATURES, description="Columns to predict from. Default: all others."
    )
    task: Literal["regression", "classification"] = Field(
        "regression", description="Whether the target is a number or a class 0, 1, ..., k-1."
    )
    standardize: bool = Field(True, description="Scale each input column to mean 0 and variance 1 (training part).")

    @property
    def has_classes(self) -> bool:
        """As the task says."""
        return self.task == "classification"

    def issues(self) -> Iterator[SpecIssue]:
        """Input columns that cannot be meant: the target itself, or one that stands twice."""
        earlier: set[str] = set()
        for index, column in enumerate(self.inputs or []):
            if column == self.target:
                yield SpecIssue(f"/inputs/{index}", "This column is the target; predict it from others.")
            elif column in earlier:
                yield SpecIssue(f"/inputs/{index}", "This column stands twice; list each once.")
            earlier.add(column)


class FileDataset(_Table):
    """A table of the workers' data folder: CSV with header, Parquet, or NPZ with arrays ``inputs`` and ``targets``."""

    name: Literal["file"] = "file"
    file: FileName = Field(description="Name of the file in the data folder of the workers.", examples=["housing.csv"])
    header: Annotated[bool, Field(json_schema_extra={"const": True}), AfterValidator(_said)] | None = Field(
        None, description=HEADER
    )

    @property
    def may_be_one_dimensional(self) -> bool:
        """Also where one input column is chosen."""
        return super().may_be_one_dimensional and (self.inputs is None or len(self.inputs) == 1)

    def issues(self) -> Iterator[SpecIssue]:
        """Columns, and a line of names in what is not CSV."""
        yield from super().issues()
        if self.header is not None and not self.file.lower().endswith(".csv"):
            yield SpecIssue("/header", "Only CSV has a line of names; leave this out.")


_FACT = "Filled in when the job is submitted."


class UploadDataset(_Table):
    """A table that the team has uploaded. An upload of NPZ has the columns ``x0``, ``x1``, ... and ``target``."""

    name: Literal["upload"] = "upload"
    dataset: UploadName = Field(description="Name or id of the uploaded dataset.", examples=["housing"])
    id: UploadId | None = Field(
        None,
        min_length=36,
        max_length=36,
        description=f"The dataset that is meant, whatever has its name later. {_FACT}",
    )
    digest: Hexadecimal | None = Field(
        None, min_length=64, max_length=64, description=f"SHA-256 of its content, which has to be this one. {_FACT}"
    )
    rows: int | None = Field(None, ge=1, le=MAX_SAMPLES, description=f"Samples in all. {_FACT}")
    feature_count: int | None = Field(None, ge=1, le=MAX_FEATURES, description=f"Columns predicted from. {_FACT}")
    class_count: int | None = Field(None, ge=2, le=1000, description=f"Classes of the target. {_FACT}")

    @property
    def total_samples(self) -> int | None:
        """The rows, once the dataset is known."""
        return self.rows

    @property
    def features(self) -> int | None:
        """The input columns, once the dataset is known."""
        return self.feature_count

    @property
    def classes(self) -> int | None:
        """Those of the target, once the dataset is known."""
        return self.class_count

    def issues(self) -> Iterator[SpecIssue]:
        """Columns, and a split that leaves too little to train on."""
        yield from super().issues()
        needed, samples = max(_LEAST_SAMPLES, self.class_count or 0), self.training_samples
        if samples is not None and samples < needed:
            what = f"one for each of the {self.class_count} classes" if self.class_count else f"at least {needed}"
            detail = f"It leaves {samples} of {self.rows} samples to train on; {what} are needed. Make it smaller."
            yield SpecIssue("/test_fraction", detail)


BuiltInDataset = DigitsDataset | RegressionDataset | ClassificationDataset
"""Datasets that need neither file nor download and are the same for all trials."""

AnyDataset = CurveDataset | MnistDataset | FashionMnistDataset | BuiltInDataset | FileDataset | UploadDataset
DatasetSettings = Annotated[AnyDataset, Field(discriminator="name")]
