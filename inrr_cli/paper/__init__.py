"""The experiments of the INRR paper: every table and figure as cells that are measured once and kept in files."""
