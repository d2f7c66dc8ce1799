"""The update of a program as loops over the flat arrays of parameters, slopes and state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from glassnet.engines.expressions import AtPlace
from glassnet.graph import Symbol, in_order, update_graph
from glassnet.program import Program


def update_loops(program: Program) -> Iterator[str]:
    """Write the update as loops over the flat arrays; parameters with equal rules share one."""
    if not program.trains:
        return
    new = update_graph(program)
    groups: list[tuple[list[str], list[str]]] = []
    for p in program.parameters:
        lines = _flat_update(program, p.name, new)
        if groups and groups[-1][1] == lines:
            groups[-1][0].append(p.name)
        else:
            groups.append(([p.name], lines))
    for names, lines in groups:
        yield f"for q in range(at_{names[0]}, at_{names[-1]} + {names[-1]}.size):"
        yield from (f"    {line}" for line in lines)


def _flat_update(program: Program, p: str, new: Mapping[str, Symbol]) -> list[str]:
    kinds = program.optimizer.state_names()
    places = {p: "parameters[q]", f"d{p}": "slopes[q]"}
    places |= {f"{kind}_{p}": f"{kind}[q]" for kind in kinds}
    results = {name: new[name] for name in (p, *(f"{kind}_{p}" for kind in kinds))}
    names: dict[int, str] = {}
    lines = []
    text = AtPlace(names)
    for node in in_order(results.values()):
        if node.op == "input" and not node.axes:
            names[id(node)] = node.name
        elif node.op == "input":
            names[id(node)] = places[node.name].removesuffix("[q]") + "_q"
            lines.append(f"{names[id(node)]} = {places[node.name]}")
        elif not node.is_truth:  # a comparison stands where it is used
            names[id(node)] = f"q{len(names)}"
            lines.append(f"{names[id(node)]} = {text.computed(node)}")
    return lines + [f"{places[name]} = {names[id(node)]}" for name, node in results.items()]
