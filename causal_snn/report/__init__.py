"""The report: every stage's object of one analysis, on screen, as files, and read back."""

from causal_snn.report.files import write_report
from causal_snn.report.result import Report
from causal_snn.report.stored import read_report

__all__ = ["Report", "read_report", "write_report"]
