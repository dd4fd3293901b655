"""The numbers of the paper (Li, Wang and Meng, CVPR 2023): PSNR in dB of the network's own output, psnr_raw here."""

TABLE1_METHODS = {
    "INR": ("siren", "none"),
    "INR-Z": ("inr-z", "none"),
    "TV": ("siren", "tv"),
    "L2": ("siren", "l2"),
    "AIR": ("siren", "air"),
    "INRR": ("siren", "inrr"),
}
TABLE1_IMAGES = ("baboon", "barbara", "man", "boats")
TABLE1_MASKS = ("random", "patch", "textural")
# in the order of TABLE1_METHODS
TABLE1 = {
    ("baboon", "random"): (21.0, 21.5, 23.8, 23.1, 24.2, 24.7),
    ("baboon", "patch"): (25.3, 27.3, 24.5, 26.3, 31.6, 33.8),
    ("baboon", "textural"): (20.8, 23.5, 21.4, 23.9, 27.2, 28.3),
    ("barbara", "random"): (28.6, 28.8, 30.2, 30.5, 30.3, 30.7),
    ("barbara", "patch"): (26.1, 27.1, 28.8, 28.5, 28.9, 29.5),
    ("barbara", "textural"): (26.5, 27.9, 26.5, 27.9, 29.0, 29.4),
    ("man", "random"): (23.5, 22.8, 25.6, 25.6, 25.7, 25.9),
    ("man", "patch"): (25.6, 26.5, 22.7, 26.9, 31.3, 32.1),
    ("man", "textural"): (22.6, 22.6, 24.2, 24.9, 25.3, 26.4),
    ("boats", "random"): (28.1, 27.6, 29.5, 29.7, 29.4, 29.9),
    ("boats", "patch"): (27.6, 28.5, 27.8, 29.5, 33.4, 34.4),
    ("boats", "textural"): (24.1, 27.0, 25.2, 28.1, 27.9, 28.9),
}

TABLE2_NETS = {"DMF": "dmf", "ReLU": "relu", "SIREN": "siren", "Gabor": "gabor", "Fourier": "fourier"}
# (without, with INRR) in the order of TABLE2_NETS, mixture mask
TABLE2 = {
    "baboon": ((8.2, 22.1), (20.9, 21.4), (17.6, 22.7), (17.5, 22.8), (14.3, 22.8)),
    "man": ((8.4, 21.7), (22.2, 22.5), (18.9, 22.8), (17.9, 22.0), (15.3, 22.1)),
    "barbara": ((8.8, 25.0), (25.2, 26.4), (23.3, 25.6), (19.4, 25.0), (17.4, 25.0)),
    "boats": ((10.9, 24.4), (24.0, 25.2), (22.2, 25.7), (17.6, 24.6), (14.9, 24.6)),
    "cameraman": ((6.9, 24.5), (25.7, 25.8), (23.9, 25.7), (18.2, 24.7), (15.2, 24.7)),
}
