"""Explanations and equations in print: text, Markdown, LaTeX, HTML.

All forms are written from one tree of numbers (`glassnet.explanation.record`), and none of them
computes anything: a number that a form shows is a number of the explanation, with its name.

text.py      rows of text
markdown.py  Markdown
latex.py     LaTeX: explanations
html.py      HTML that stands alone
names.py     names and equations of a program in LaTeX
equations.py the equations of a network, in all forms
"""
