"""The recipes by name: ``fast`` takes seconds, ``paper`` is the one that the paper's authors released."""

from inrr_cli.neural.recipe import Recipe

PAPER_WEIGHT = 1e-6 * 256 * 256  # of INRR: the released lambda is of a sum over 256 x 256 pixels

PRESETS = {
    "fast": Recipe(
        steps=280,
        lr=1.5e-2,
        lr_regularizer=1.5e-2,
        optimizer="muon",
        spacing=4,
        decay=True,
        average=0.97,
        warm_start="smooth",
        warm_part=0.6,
        bfloat16=True,
        options={
            # these fit known pixels more closely than a SIREN of 280 steps does
            "dmf inrr": {"weight": 1.0},
            "fourier inrr": {"weight": PAPER_WEIGHT},
            "gabor inrr": {"weight": PAPER_WEIGHT},
        },
        changes={
            # so smooth by itself that it adds little to the warm start
            "relu": {"steps": 1200, "lr": 1e-2, "lr_regularizer": 1e-2, "warm_part": 1.0},
            "dmf": {
                "steps": 2000,
                "lr": 1e-2,
                "lr_regularizer": 1e-2,
                "optimizer": "adam",
                "spacing": None,
                "average": 0.0,
                "bfloat16": False,
            },
            # a step sees a sixteenth of a free matrix
            "air": {"lr_regularizer": 0.15},
        },
    ),
    "paper": Recipe(
        steps=10_001,
        lr=1e-3,
        lr_regularizer=1e-4,
        optimizer="adam",
        spacing=None,
        decay=False,
        average=0.0,
        warm_start="none",
        warm_part=0.6,
        bfloat16=False,
        options={
            "inrr": {"weight": PAPER_WEIGHT},
            "air": {"weight": 1e-5 * 256 * 256},
            "l2": {"weight": 1e-3},
        },
        changes={"air": {"lr_regularizer": 1e-3}},
    ),
}
