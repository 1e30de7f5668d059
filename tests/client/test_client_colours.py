"""A method has the same colour in the client's figures as in the service's."""

from ayla.reproduce.experiment import MNIST, Method
from ayla.reproduce.experiment import PRESETS as REPRODUCED
from ayla.reproduce.figures.style import ARM_COLOURS, COLOURS, MARKERS
from ayla.reproduce.mnist import Arm
from ayla_service.figures.data import SettingData
from ayla_service.figures.looks import styles_of
from ayla_spec.presets import PRESETS


def test_labels_of_the_presets_have_one_colour_and_marker_in_both() -> None:
    found = [(name, preset) for name, preset in PRESETS.items() if name in REPRODUCED]
    assert len(found) == len(REPRODUCED)
    for name, preset in found:
        optimizers = [(each.label or each.name, each.model_dump(mode="json")) for each in preset.optimizers]
        settings = [SettingData(place, label, optimizer, []) for place, (label, optimizer) in enumerate(optimizers)]
        for setting in settings[:3]:
            if name in MNIST:
                arm, style = Arm.of(setting.optimizer), styles_of(settings)[setting.index]
                assert ARM_COLOURS[arm] == style.colour, (name, setting.label)
                continue
            method, style = Method.of(setting.optimizer), styles_of(settings)[setting.index]
            assert (COLOURS[method], MARKERS[method]) == (style.colour, style.look.marker), (name, setting.label)
