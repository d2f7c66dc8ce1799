"""The only places that print, or draw in letters.

`pictures` says what is on a picture: plain numbers, which `terminal` draws in characters and
`glassnet.plots` with matplotlib; `letters` knows how wide a text is. No view computes what a
network computes: it calls `predict`, or reads a History or a Trace.
"""
