"""The only places that print, or draw in letters and SVG.

`pictures` says what is on a picture: plain numbers, which `terminal` draws in characters,
`chart_svg` as SVG and `glassnet.plots` with matplotlib; `letters` knows how wide a text is;
`drawing` is the network, `explanations` a calculation, `report` a run as a page of HTML. No view
computes what a network computes: it calls `predict`, or reads a History or a Trace.
"""
