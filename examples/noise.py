"""Measure the worth of the noise of the known pixels, given or estimated.

    python examples/noise.py

Adds noise of sigma 10 to six pictures of scikit-image, grey 256 x 256, removes half of the pixels, and restores these
with ``--noise auto``, ``--noise 10`` and ``--noise 0``. Prints the estimated sigma, psnr_missing and the share of
errors within one sigma against the picture without noise, and the PSNR of the known pixels before and after
``--denoise``.
"""

import numpy as np
import torch
from calibration import picture

from inrr_cli import make_mask, make_settings, psnr, run_inpainting

PICTURES = ("camera", "coffee", "chelsea", "astronaut", "rocket", "moon")
SIGMA = 10


def main() -> None:
    """Measure and print the table."""
    torch.set_num_threads(1)
    print("| picture | found | auto | told | 0 | within, auto | told | 0 | known before | denoised |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for number, name in enumerate(PICTURES):
        truth = picture(name)
        missing = make_mask(truth.shape, "random", rate=0.5, seed=number)
        noise = np.random.default_rng(number).normal(0, SIGMA, truth.shape)
        noisy = np.clip(np.round(truth + noise), 0, 255).astype(np.uint8)
        damaged = np.where(missing, 0, noisy).astype(np.uint8)
        results = [run_inpainting(damaged, missing, make_settings(noise=sigma)) for sigma in ("auto", SIGMA, 0)]
        clean = run_inpainting(damaged, missing, make_settings(denoise=True)).image
        gains = [f"{psnr(result.image / 255, truth / 255, missing):.2f}" for result in results]
        within = [
            f"{100 * np.mean(np.abs(result.image - truth.astype(float))[missing] <= result.sigma[missing]):.0f} %"
            for result in results
        ]
        known = [f"{psnr(image / 255, truth / 255, ~missing):.1f}" for image in (noisy, clean)]
        print("| " + " | ".join([name, f"{results[0].noise_sigma:.1f}", *gains, *within, *known]) + " |", flush=True)


if __name__ == "__main__":
    main()
