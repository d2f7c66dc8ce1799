"""The only places that print or draw.

`pictures` says what is on a picture, `terminal` draws one in characters and `plots` as a file;
`letters` knows how wide a text is; `chart_svg` writes a chart as SVG, and `report` a run as a page
of HTML. No view computes what a network computes: it calls `predict`, or reads a History or a
Trace.
"""
