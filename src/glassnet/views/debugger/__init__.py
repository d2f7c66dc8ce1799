"""What the debugger looks at, as text and on a screen.

parts.py    the parts of a page: where it stands, the program, the values, the explanation
wires.py    the network, drawn with its weights and what flows through it
plain.py    page after page as plain text
screen.py   a screen in a terminal, by Textual
"""
