"""The only places that print or draw.

`pictures` says what is on a picture, `terminal` draws one in characters and `plots` as a file;
`letters` knows how wide a text is; `explanations` prints where a number comes from, and the
equations of a network, as text, Markdown, LaTeX and HTML. No view computes what a network
computes: it calls `predict`, or reads a History or a Trace.
"""
