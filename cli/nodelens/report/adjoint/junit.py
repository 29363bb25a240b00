"""The checks as a JUnit file, so that a CI system shows each as a test case."""

from collections.abc import Sequence
from xml.etree import ElementTree

from nodelens.checking.results import Check
from nodelens.report.adjoint.names import gradient_name


def junit(checks: Sequence[Check]) -> str:
    """Makes the text of a JUnit XML file."""
    failed = sum(not check.passed for check in checks)
    counts = {"tests": str(len(checks)), "failures": str(failed), "errors": "0"}
    suites = ElementTree.Element("testsuites", {"name": "nodelens adjoint-check", **counts})
    for problem in dict.fromkeys(check.problem for check in checks):
        of_it = [check for check in checks if check.problem == problem]
        bad = sum(not check.passed for check in of_it)
        suite = ElementTree.SubElement(
            suites, "testsuite", name=problem, tests=str(len(of_it)), failures=str(bad), errors="0"
        )
        for check in of_it:
            name = gradient_name(check)
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=f"adjoint-check.{problem}.{check.method}",
                name=f"{name} against {check.reference}",
            )
            if not check.passed:
                message = (
                    f"relative error {check.rel_error:.3e}, limit {check.tolerance:.1e}, "
                    f"cosine {check.cosine:.6f}"
                )
                ElementTree.SubElement(case, "failure", message=message, type="GradientError")
    ElementTree.indent(suites)
    text = ElementTree.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'
