"""Answers about the settings of an optimizer: the best of k of them, and how much one setting matters."""

from pydantic import Field

from ayla_service.schemas import FiniteInJson, FrozenModel


class BestOfSettings(FrozenModel):
    """The best value of k settings that are drawn at random, without replacement, from those that were run."""

    k: int = Field(description="How many settings are drawn.")
    expected: FiniteInJson = Field(
        description="Mean over all draws. Null if infinite: some draws have no finite value."
    )
    median: FiniteInJson = Field(
        description="Half of the draws do at least as well. Null if infinite; likewise the band."
    )
    low: FiniteInJson = Field(
        description="Lower end of the band: at least the confidence of all draws of k settings have their best value "
        "between the ends. It is about these settings: at k = all of them it is one value."
    )
    high: FiniteInJson = Field(description="Upper end of the band.")
    nothing_finite: float = Field(description="Share of the draws in which no setting has a finite value.")


class SensitivityPoint(FrozenModel):
    """What an optimizer reached at one value of a setting, over the other settings."""

    at: float = Field(description="The value of the setting.")
    settings: int = Field(
        description="Settings that have it. Where they are many, the best of them has had more tries."
    )
    finite: int = Field(description="Those of them with a finite value.")
    best: FiniteInJson = Field(description="Null if infinite; likewise the median.")
    median: FiniteInJson = Field(description="Of the settings that have it.")
    best_place: int = Field(description="Place of the best among all settings given; the first of equals.")


class SensitivitySeries(FrozenModel):
    """The sensitivity of one group of settings, such as the plain optimizer or the one with AYLA."""

    name: str
    points: list[SensitivityPoint] = Field(description="In the order of the setting's values.")


class Divergence(FrozenModel):
    """How many settings diverge."""

    settings: int
    some: int = Field(description="Settings of which at least one run diverged.")
    most: int = Field(description="Settings of which at least half of the runs diverged.")
    share: float | None = Field(description="most / settings. Null without a setting.")
