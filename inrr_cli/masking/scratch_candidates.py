"""What may be scratches or dust in a photograph, and how far each stands out from others of the same picture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inrr_cli.masking import Mask
from inrr_cli.masking.line_filters import (
    DIRECTIONS,
    POLARITIES,
    REACH,
    Floats,
    across,
    highest_across,
    line_strength,
    pad,
    speck_strength,
)

STRIPE, MARGIN = 256, 64  # rows worked on at once, and those above and below, more than any filter sees
LOWEST = 0.03  # of the image's range: a fainter line or speck is hardly seen
OVER_USUAL = 2.0  # times the mean strength of the lines around; with less, scratches merge with a texture's lines
GAP = 10  # pixels along a line, across which its parts are linked
# By distance squared: most steps that linked points may turn, and that the link may be off their directions.
LINKS = ((2, 2.0, 4.0), (10, 2.0, 3.0), (GAP * GAP, 1.0, 1.2))
SHORTEST = 4  # points of curves among which the usual one is sought; fewer are noise
MIN_LENGTH = 14  # points of a curve that may be a scratch; a shorter one is a speck
LEAST = 1e-3  # of the image's range: a slope or strength below counts as this, so that nothing is divided by 0
# Of the undamaged pictures of examples/scratches.py: the 10, 30, 50, 70 and 90 % quantiles of each measure. They join
# a picture's candidates, as if they were a share of its pixels: else the scratches are what is usual in a clear sky.
USUAL_LINES, USUAL_DOTS = 0.02, 0.001
USUAL_CURVE = (
    (0.74, 1.11, 1.33, 1.63, 2.11),  # contrast, logarithm
    (-3.24, -2.51, -2.01, -1.56, -0.97),  # sharpness, logarithm
    (0.0, 0.0, 0.0, 0.0, 0.45),  # colour
    (-1.82, -1.43, -1.19, -0.89, -0.12),  # difference of the sides, logarithm
    (2.08, 2.89, 3.40, 3.97, 4.74),  # length, logarithm
)
USUAL_SPECK = (
    (-0.47, -0.04, 0.27, 0.60, 1.18),  # contrast, logarithm
    (-3.41, -3.21, -2.97, -2.66, -2.08),  # strength, logarithm
)


class Points(NamedTuple):
    """Middles of lines, or of specks, of one polarity: (K,) each, and ``measures`` (K, F) of how they stand out."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    radius: NDArray[np.int8]
    direction: NDArray[np.int8]
    strength: Floats
    measures: Floats


class Candidates(NamedTuple):
    """Curves or specks of one polarity.

    ``label`` (K,) tells to which candidate each point belongs, ``length`` (J,) how many points each has, and
    ``features`` (J, F) how it stands out.
    """

    points: Points
    label: NDArray[np.intp]
    length: NDArray[np.intp]
    features: NDArray[np.float64]


def find_candidates(image: Floats, saturation: Floats) -> list[tuple[Candidates, Candidates]]:
    """Return the curves and the specks of each polarity.

    Parameters
    ----------
    image : (M, N) ndarray
        Finite grey values, over the usual range of the image.
    saturation : (M, N) ndarray
        Difference between the highest and the lowest channel, over the same range.
    """
    parts: list[list[Points]] = [[], [], [], []]
    for top in range(0, len(image), STRIPE):
        first = max(0, top - MARGIN)
        rows = slice(first, top + STRIPE + MARGIN)
        for part, points in zip(parts, _measure(image[rows], saturation[rows]), strict=True):
            inner = (points.rows >= top - first) & (points.rows < top - first + STRIPE)
            cut = Points._make(each[inner] for each in points)
            part.append(cut._replace(rows=cut.rows + first))
    whole = [Points._make(map(np.concatenate, zip(*part, strict=True))) for part in parts]
    return [(_curves(whole[k], image.shape), _specks(whole[k + 1], image.shape)) for k in (0, 2)]


def _measure(image: Floats, saturation: Floats) -> list[Points]:
    """Return the points of bright lines, bright specks, dark lines and dark specks of a stripe (M, N)."""
    from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude, gaussian_laplace, maximum_filter
    from scipy.ndimage import uniform_filter as mean_filter

    least = np.float32(LEAST)
    slope, bend = gaussian_gradient_magnitude(image, 1.0), gaussian_laplace(image, 1.0)
    colour, smooth = gaussian_filter(saturation, 1.0), pad(gaussian_filter(image, 1.0))
    found = []
    for polarity, lines in zip(POLARITIES, line_strength(image), strict=True):
        usual = mean_filter(np.maximum(lines.strength, 0), 65)
        middles = highest_across(lines, np.maximum(OVER_USUAL * usual, LOWEST))
        points = _points(middles, lines.side, lines.direction, lines.strength)
        ground = np.maximum(_mean_away(slope, middles, 7)[middles], least)
        sharpness = np.maximum(-polarity * bend[middles], least) / points.strength
        measures = [
            np.log(points.strength / ground),
            np.log(sharpness),
            colour[middles],
            np.log(0.05 + _difference_of_sides(smooth, points) / points.strength),  # like sides are alike to 5 %
        ]
        found.append(points._replace(measures=np.stack(measures, 1)))
        dots, radius = speck_strength(image, polarity)
        peaks = (dots == maximum_filter(dots, 7)) & (dots > LOWEST)
        points = _points(peaks, radius, lines.direction, dots)
        ground = np.maximum(_mean_away(slope, peaks, 9)[peaks], least)
        measures = [np.log(points.strength / ground), np.log(points.strength)]
        found.append(points._replace(measures=np.stack(measures, 1)))
    return found


def _points(where: Mask, radius: NDArray[np.int8], direction: NDArray[np.int8], strength: Floats) -> Points:
    rows, columns = np.nonzero(where)
    nothing = np.zeros((len(rows), 0), np.float32)
    return Points(rows, columns, radius[where], direction[where], strength[where], nothing)


def _mean_away(values: Floats, points: Mask, size: int) -> Floats:
    """Return the mean (M, N) of values within 15 x 15 pixels, but for squares of this size around points."""
    from scipy.ndimage import maximum_filter, uniform_filter

    # the points' own surroundings count for 2 %, because in a fine texture there is nothing else
    weights = np.where(maximum_filter(points, size), np.float32(0.02), np.float32(1))
    return np.asarray(uniform_filter(weights * values, 15) / uniform_filter(weights, 15))


def _difference_of_sides(padded: Floats, points: Points) -> Floats:
    """Return the difference between the two sides of a line at each of its points."""
    offset = np.rint(across(points.direction) * points.radius[:, None]).astype(int)
    rows, columns = points.rows + REACH, points.columns + REACH
    left = padded[rows + offset[:, 0], columns + offset[:, 1]]
    return np.asarray(np.abs(left - padded[rows - offset[:, 0], columns - offset[:, 1]]))


def _curves(points: Points, shape: tuple[int, ...]) -> Candidates:
    """Link points to curves, and tell how these differ from the usual curve of the picture.

    The features: length times contrast; the same over the distance from the usual curve to the longest and clearest
    tenth; colour; length times sharpness; and the difference of the sides.
    """
    label = _link(points, shape)
    length = np.bincount(label)
    means = [np.bincount(label, measure) / length for measure in points.measures.T]
    counted = np.where(length < SHORTEST, 0, length)
    share = USUAL_LINES * shape[0] * shape[1]
    sets = zip([*means, np.log(length)], USUAL_CURVE, strict=True)
    contrast, sharpness, colour, sides, size = (_compare(each, counted, usual, share) for each, usual in sets)
    top = np.maximum(contrast.over_top, 0) * np.maximum(size.over_top, 0)
    features = [
        np.log(length) * contrast.above,
        top,
        colour.over_spread,
        np.log(length) * sharpness.over_spread,
        sides.above,
    ]
    return Candidates(points, label, length, np.stack(features, 1))


def _specks(points: Points, shape: tuple[int, ...]) -> Candidates:
    """Take each point as a speck; its features are contrast and strength, less the usual ones."""
    ones = np.ones(len(points.rows), np.intp)
    sets = zip(points.measures.T.astype(np.float64), USUAL_SPECK, strict=True)
    features = [_compare(each, ones, usual, USUAL_DOTS * shape[0] * shape[1]).above for each, usual in sets]
    return Candidates(points, np.arange(len(ones)), ones, np.stack(features, 1))


class Comparison(NamedTuple):
    """Values less the usual one: as they are, over the distance of the quartiles, and over that to the top tenth."""

    above: NDArray[np.float64]
    over_spread: NDArray[np.float64]
    over_top: NDArray[np.float64]


def _compare(
    values: NDArray[np.float64], weights: NDArray[np.intp], usual: tuple[float, ...], share: float
) -> Comparison:
    """Compare values (J,) with the weighted quantiles of themselves and of ``usual`` ones of the weight ``share``."""
    population = np.concatenate([values, usual])
    order = np.argsort(population)
    total = np.cumsum(np.concatenate([weights, np.full(len(usual), share / len(usual))])[order])
    low, middle, high, top = (population[order[np.searchsorted(total, q * total[-1])]] for q in (0.25, 0.5, 0.75, 0.9))
    above, least = values - middle, 0.05  # logarithms: a spread below 5 % is chance
    return Comparison(above, np.clip(above / (high - low + least), -8, 8), above / (top - middle + least))


def _link(points: Points, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Return the number of the curve of each point; points that go on in each other's direction are of one curve."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = len(points.rows)
    if not count:
        return np.zeros(0, np.intp)
    index = np.full((shape[0] + GAP, shape[1] + 2 * GAP), -1, np.int32)
    index[points.rows, points.columns + GAP] = np.arange(count)
    direction, strength = points.direction.astype(np.int16), points.strength
    links = [np.zeros((2, 0), np.intp)]
    for down in range(GAP + 1):
        for right in range(-GAP, GAP + 1):
            distance = down * down + right * right
            if (down, right) <= (0, 0) or distance > GAP * GAP:
                continue
            there = index[points.rows + down, points.columns + GAP + right]
            one = np.flatnonzero(there >= 0)
            two = there[one]
            _, most_turn, most_off = next(limit for limit in LINKS if distance <= limit[0])
            along = np.arctan2(down, right) / np.pi * DIRECTIONS
            off = np.maximum(_turn(direction[one], along), _turn(direction[two], along))
            good = (_turn(direction[one], direction[two]) <= most_turn) & (off <= most_off)
            good &= np.maximum(strength[one], strength[two]) < 2 * np.minimum(strength[one], strength[two])
            links.append(np.stack([one[good], two[good]]))
    pairs = np.concatenate(links, 1)
    graph = coo_matrix((np.ones(pairs.shape[1], bool), (pairs[0], pairs[1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1]).astype(np.intp)


def _turn(one: NDArray[np.int16], two: NDArray[np.int16] | float) -> NDArray[np.float64]:
    """Return the angle between directions, in steps of pi over DIRECTIONS."""
    turn = np.abs(one - two) % DIRECTIONS
    return np.asarray(np.minimum(turn, DIRECTIONS - turn), np.float64)
