"""Every size limit of a job spec, in one place; the catalogue publishes them.

The numbers bound what one job may cost the team: parsing time, memory of one shard, rows in the store.
"""

MAX_NAME_LENGTH = 200
MAX_TAGS = 20
MAX_TAG_LENGTH = 50
MAX_PROJECT_LENGTH = 100
MAX_NOTES_LENGTH = 10_000

MAX_EXPRESSION_LENGTH = 4096
MAX_EXPRESSION_NODES = 500
MAX_EXPRESSION_DEPTH = 50
MAX_EXPANDED_NODES = 20_000
MAX_INDEX = 1_000_000
MAX_CONSTANT_EXPONENT = 100.0
MAX_VARIABLES = 50
MAX_DIMENSIONS = 1000
MAX_NOISE = 1e300

MAX_SAMPLES = 1_000_000
MAX_FEATURES = 10_000
MAX_INPUT_VALUES = 100_000_000
MAX_LAYERS = 16
MAX_WIDTH = 8192
MAX_PARAMETERS = 20_000_000
MAX_EPOCHS = 100_000

MAX_OPTIMIZERS = 100
MAX_SEEDS = 1000
MAX_SEED = 2**32 - 1
MAX_TRIALS = 1_000_000
MAX_AXES = 20
MAX_AXIS_VALUES = 10_000
MAX_PROBLEM_VARIANTS = 1000
MAX_STEPS = 10_000_000
MAX_TRIAL_STEPS = 1_000_000_000
MAX_RECORDED_ROWS = 5_000_000
MAX_RECORDED_NUMBERS = 250_000_000
MAX_RECORDED_PARAMETERS = 50
MAX_PREDICTION_STEPS = 20
MAX_PREDICTION_ROWS = 5_000_000

MAX_SECONDS = 30 * 24 * 3600.0
MAX_MEMORY_MB = 4 * 1024 * 1024

MAX_SHARDS = 10_000
"""Of one job."""

TRIALS_PER_SHARD = 32_768
"""Most trials of a shard, however cheap they are: what is written of it at once stays small, and a million trials are
shared by tens of workers."""

SECONDS_PER_SHARD = 20.0
"""Estimated computing time of a shard of several trials: long enough that claiming it costs nothing beside it, short
enough that the trials of a job spread over all workers and that none has to wait long for its last shard."""

PARAMETERS_PER_SHARD = 2_000_000
"""Parameters of all trials that one worker runs at once, as a checkpoint holds several numbers for each of them."""


def published() -> dict[str, int | float]:
    """The limits a client can check before it submits, by the name the catalogue gives them."""
    return {
        name.lower(): value
        for name, value in globals().items()
        if name.startswith("MAX_") and isinstance(value, int | float)
    }
