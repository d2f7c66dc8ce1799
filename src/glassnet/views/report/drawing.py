"""Section: the network, drawn with its true weights."""

from __future__ import annotations

from glassnet.views.report.markup import escaped, facts, figure, number, table
from glassnet.views.report.subject import Subject

NAME, TITLE = "network", "Network"


def section(subject: Subject) -> str:
    """Draw the network with the example's values, and list its layers."""
    network, description = subject.network, subject.description
    svg = network.draw(subject.training.x, row=subject.row).svg
    counts = description.parameter_counts()
    lines = []
    shapes = zip(description.layers, description.widths, counts, strict=True)
    for place, (layer, width, count) in enumerate(shapes):
        lines.append(
            (
                f"{place + 1}",
                f'<td class="text"><code>{escaped(repr(layer))}</code></td>',
                number(f"widths[{place}]", width),
                number(f"parameter_counts[{place}]", count),
            )
        )
    total = number("parameters", sum(counts))
    return "\n".join(
        [
            facts([("loss", escaped(description.loss)), ("parameters", total)]),
            figure(
                f'<div class="drawing" tabindex="0" role="region" aria-label="the network drawn">'
                f"{svg}</div>",
                f"Line width and colour by weight, dashed below 0; filled by the values of row"
                f" {number('row', subject.row)} of the training rows.",
            ),
            table(
                "layers",
                ["layer", "what", "outputs", "parameters"],
                lines,
            ),
        ]
    )
