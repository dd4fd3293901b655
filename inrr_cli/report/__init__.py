"""Reports: one HTML file each, that opens from disk and asks for nothing."""

from inrr_cli.report.model import Curve, Map, Matrix, Pane, Report, ReportPage, Table
from inrr_cli.report.rendering import render_report

__all__ = ["Curve", "Map", "Matrix", "Pane", "Report", "ReportPage", "Table", "render_report"]
