"""Section: what is wrong, in words."""

from __future__ import annotations

from glassnet.health import Finding
from glassnet.health.record import printed
from glassnet.views.report.markup import escaped, number
from glassnet.views.report.subject import Subject

NAME, TITLE = "health", "Health"


def section(subject: Subject) -> str:
    """Give every finding with its evidence and its remedy."""
    rows = subject.training
    health = subject.network.health(rows.x, rows.y, subject.history)
    scope = f"looked at {escaped(health.scope)} of training"
    if health.epochs:
        scope += f" and {health.epochs:,} epochs"
    if not health:
        return f"<p>Nothing found; {scope}.</p>"
    found = "\n".join(_finding(place, finding) for place, finding in enumerate(health))
    return f'<p class="soft">{scope[0].upper()}{scope[1:]}.</p>\n{found}'


def _finding(place: int, finding: Finding) -> str:
    evidence = ", ".join(
        f"{escaped(name.replace('_', ' '))} "
        + (
            escaped(value)
            if isinstance(value, str)
            else number(f"health[{place}].{name}", value, printed(value))
        )
        for name, value in finding.evidence.items()
    )
    return (
        f'<div class="finding {finding.severity}"><p><b>{finding.severity}</b>'
        f" {escaped(finding.what)}.</p>\n"
        f'<p class="soft">Evidence: {evidence} ({escaped(finding.read)}).</p>\n'
        f"<p>Remedy: {escaped(finding.remedy)}.</p></div>"
    )
