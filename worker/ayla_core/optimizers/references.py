"""From the settings of the contract to their reference in plain Python floats."""

from typing import Any

from ayla_spec import optimizers as spec

from ayla_core.optimizers.adagrad_reference import AdadeltaReference, AdagradReference
from ayla_core.optimizers.adam_reference import AdamReference, AdamWReference, AmsGradReference
from ayla_core.optimizers.adamax_reference import AdamaxReference
from ayla_core.optimizers.base_reference import Reference
from ayla_core.optimizers.lion_reference import LionReference
from ayla_core.optimizers.nadam_reference import NAdamReference, RAdamReference
from ayla_core.optimizers.rmsprop_reference import RmsPropReference
from ayla_core.optimizers.sgd_reference import SgdReference

REFERENCES: dict[type[spec.Optimizer], type[Reference[Any]]] = {
    spec.Sgd: SgdReference,
    spec.Adam: AdamReference,
    spec.AdamW: AdamWReference,
    spec.AmsGrad: AmsGradReference,
    spec.NAdam: NAdamReference,
    spec.RAdam: RAdamReference,
    spec.RmsProp: RmsPropReference,
    spec.Adagrad: AdagradReference,
    spec.Adadelta: AdadeltaReference,
    spec.Adamax: AdamaxReference,
    spec.Lion: LionReference,
}


def reference_of(settings: spec.Optimizer, parameters: int, budget: int | None = None) -> Reference[Any]:
    """The reference for these settings, before its first update."""
    return REFERENCES[type(settings)](settings, parameters, budget)
