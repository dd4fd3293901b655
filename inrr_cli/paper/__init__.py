"""The experiments of the INRR paper: every table and figure as a list of cells, each measured once and kept."""
