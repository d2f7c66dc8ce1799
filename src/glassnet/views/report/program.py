"""Section: the program that was run."""

from __future__ import annotations

from glassnet.views.report.markup import escaped
from glassnet.views.report.subject import Subject

NAME, TITLE = "program", "Program"


def section(subject: Subject) -> str:
    """Give the text of the program, with numbers of its lines."""
    program = subject.network.program(subject.network.optimizer or "sgd")
    lines = program.source.rstrip("\n").split("\n")
    text = "".join(f"<span>{escaped(line)}</span>" for line in lines)
    return (
        "<p>All that the network computes: this text is what was run; the compiled engine's loops"
        " are printed from it.</p>\n"
        '<pre class="program scroll" tabindex="0" aria-label="the program">'
        f"<code>{text}</code></pre>"
    )
