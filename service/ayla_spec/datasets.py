"""The datasets a model can be fitted to.

To add one: a settings class here and a line in ``DatasetSettings``; its data go into ``ayla_core.datasets``.
"""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from ayla_spec.limits import MAX_FEATURES, MAX_SAMPLES, MAX_SEED
from ayla_spec.model import SpecModel

Samples = Annotated[int, Field(ge=2, le=MAX_SAMPLES)]
DataSeed = Annotated[int, Field(ge=0, le=MAX_SEED)]
TestFraction = Annotated[float, Field(ge=0, lt=1)]

HEADER = (
    "True: the first line of a CSV has the names of the columns, whatever they are. Default: it has the names, and a "
    "line of numbers alone is refused."
)
"""What the setting ``header`` says; uploads have it too."""

_SPLIT = "Share of the samples that is kept for the test metrics, drawn with data_seed; the rest is trained on."
_DATA_SEED = "Drives the generated samples and the split. The same for every trial; a trial's seed changes neither."


class _Dataset(SpecModel):
    """What the rules of a job need to know of a dataset before it is loaded."""

    classes: ClassVar[int | None] = None
    """Number of classes, where it is known and the targets are classes."""

    features: ClassVar[int | None] = None
    """Inputs of one sample, where the name of the dataset tells."""

    @property
    def training_samples(self) -> int | None:
        """How many samples one epoch passes over; None where only the data tell."""
        return None

    @property
    def has_classes(self) -> bool:
        """Whether targets are class labels."""
        return self.classes is not None


class CurveDataset(_Dataset):
    """Points of a quartic curve with Gaussian noise, evenly spaced with both ends (paper section 3.2).

    The target is the polynomial with ``coefficients`` (highest power first) plus noise of standard deviation
    ``noise``, drawn first from ``numpy.random.RandomState(seed)`` with the seed of the trial.
    """

    features: ClassVar[int | None] = 1
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


class MnistDataset(_Dataset):
    """Handwritten digits: 60 000 images of 28 x 28 to train on and 10 000 to test on, values 0 to 1."""

    classes: ClassVar[int | None] = 10
    features: ClassVar[int | None] = 784
    name: Literal["mnist"] = "mnist"

    @property
    def training_samples(self) -> int:
        """All of the training files."""
        return 60_000


class FashionMnistDataset(_Dataset):
    """Pieces of clothing, in the format and numbers of MNIST."""

    classes: ClassVar[int | None] = 10
    features: ClassVar[int | None] = 784
    name: Literal["fashion-mnist"] = "fashion-mnist"

    @property
    def training_samples(self) -> int:
        """All of the training files."""
        return 60_000


class _Split(_Dataset):
    test_fraction: TestFraction = Field(0.2, description=_SPLIT)
    data_seed: DataSeed = Field(0, description=_DATA_SEED)

    def kept(self, samples: int) -> int:
        """How many of ``samples`` are trained on: at least one, and all but the rounded share."""
        return max(1, samples - round(samples * self.test_fraction))


class DigitsDataset(_Split):
    """scikit-learn's 1 797 handwritten digits of 8 x 8, values 0 to 1; part of the installation."""

    classes: ClassVar[int | None] = 10
    features: ClassVar[int | None] = 64
    name: Literal["digits"] = "digits"

    @property
    def training_samples(self) -> int:
        """What the split leaves of 1 797."""
        return self.kept(1797)


class RegressionDataset(_Split):
    """Generated: standard normal inputs, a random linear target of unit variance, Gaussian noise.

    Only ``informative`` of the features count.
    """

    name: Literal["regression"] = "regression"
    samples: Samples = Field(1000, description="Samples in all.")
    feature_count: int = Field(10, ge=1, le=MAX_FEATURES, description="Columns predicted from.")
    informative: int | None = Field(None, ge=1, le=MAX_FEATURES, description="Default: all features.")
    noise: float = Field(0.1, ge=0, description="Standard deviation of the noise added to the target.")

    @property
    def training_samples(self) -> int:
        """What the split leaves."""
        return self.kept(self.samples)


class ClassificationDataset(_Split):
    """Generated: one Gaussian cloud of unit variance per class, their centres ``separation`` from the origin."""

    name: Literal["classification"] = "classification"
    samples: Samples = Field(1000, description="Samples in all.")
    feature_count: int = Field(10, ge=1, le=MAX_FEATURES, description="Columns predicted from.")
    class_count: int = Field(3, ge=2, le=1000, description="Classes of the target.")
    separation: float = Field(2.0, ge=0, description="Distance of each centre from the origin.")

    @property
    def training_samples(self) -> int:
        """What the split leaves."""
        return self.kept(self.samples)

    @property
    def has_classes(self) -> bool:
        """Always."""
        return True


_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)


def _file_name(value: str) -> str:
    if not _FILE_NAME.fullmatch(value) or ".." in value or not value.lower().endswith((".csv", ".npz", ".parquet")):
        raise ValueError(
            "a file is named by letters, digits, '.', '_' and '-', without folders, and ends in .csv, .npz or .parquet"
        )
    return value


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


class FileDataset(_Table):
    """A table of the workers' data folder: CSV with header, Parquet, or NPZ with arrays ``inputs`` and ``targets``."""

    name: Literal["file"] = "file"
    file: Annotated[str, Field(max_length=100), AfterValidator(_file_name)] = Field(
        description="Name of the file in the data folder of the workers.", examples=["housing.csv"]
    )
    header: Annotated[bool, Field(json_schema_extra={"const": True}), AfterValidator(_said)] | None = Field(
        None, description=HEADER
    )


_FACT = "Filled in when the job is submitted."
_UPLOAD_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_HEXADECIMAL = re.compile(r"[0-9a-f-]+", re.ASCII)


def _upload_name(value: str) -> str:
    if not _UPLOAD_NAME.fullmatch(value):
        raise ValueError("an uploaded dataset is named by letters, digits, '.', '_' and '-', or by its id")
    return value


def _hexadecimal(value: str | None) -> str | None:
    if value is not None and not _HEXADECIMAL.fullmatch(value):
        raise ValueError("must be as the service tells it, or left out")
    return value


def _in_small_letters(value: object) -> object:
    """An id as the service writes it: other programs write UUIDs in capitals."""
    return value.lower() if isinstance(value, str) else value


class UploadDataset(_Table):
    """A table that the team has uploaded. An upload of NPZ has the columns ``x0``, ``x1``, ... and ``target``."""

    name: Literal["upload"] = "upload"
    dataset: Annotated[str, Field(max_length=100), AfterValidator(_upload_name)] = Field(
        description="Name or id of the uploaded dataset.", examples=["housing"]
    )
    id: Annotated[str | None, BeforeValidator(_in_small_letters), AfterValidator(_hexadecimal)] = Field(
        None,
        min_length=36,
        max_length=36,
        description=f"The dataset that is meant, whatever has its name later. {_FACT}",
    )
    digest: Annotated[str | None, AfterValidator(_hexadecimal)] = Field(
        None, min_length=64, max_length=64, description=f"SHA-256 of its content, which has to be this one. {_FACT}"
    )
    rows: int | None = Field(None, ge=1, le=MAX_SAMPLES, description=f"Samples in all. {_FACT}")
    feature_count: int | None = Field(None, ge=1, le=MAX_FEATURES, description=f"Columns predicted from. {_FACT}")
    class_count: int | None = Field(None, ge=2, le=1000, description=f"Classes of the target. {_FACT}")

    @property
    def training_samples(self) -> int | None:
        """What the split leaves, once the dataset is known."""
        return None if self.rows is None else self.kept(self.rows)


AnyDataset = (
    CurveDataset
    | MnistDataset
    | FashionMnistDataset
    | DigitsDataset
    | RegressionDataset
    | ClassificationDataset
    | FileDataset
    | UploadDataset
)
DatasetSettings = Annotated[AnyDataset, Field(discriminator="name")]
