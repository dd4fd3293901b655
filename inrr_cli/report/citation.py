"""How to cite the software and the paper whose method it has; the same facts as in CITATION.cff."""

from __future__ import annotations

from inrr_cli import __version__

PAPER_URL = (
    "https://openaccess.thecvf.com/content/CVPR2023/html/"
    "Li_Regularize_Implicit_Neural_Representation_by_Itself_CVPR_2023_paper.html"
)


def citation_text() -> str:
    """Return both citations as sentences."""
    return (
        f"The inrr authors. inrr, version {__version__}: image restoration from the image itself.\n"
        "Z. Li, H. Wang, D. Meng. Regularize implicit neural representation by itself. In: Proceedings of the IEEE/CVF "
        "Conference on Computer Vision and Pattern Recognition (CVPR), 2023."
    )


def citation_bibtex() -> str:
    """Return both citations for BibTeX."""
    return f"""@software{{inrr,
  author  = {{{{The inrr authors}}}},
  title   = {{inrr}},
  version = {{{__version__}}},
}}

@inproceedings{{li2023regularize,
  author    = {{Li, Zhemin and Wang, Hongxia and Meng, Deyu}},
  title     = {{Regularize implicit neural representation by itself}},
  booktitle = {{Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)}},
  year      = {{2023}},
  url       = {{{PAPER_URL}}},
}}
"""
