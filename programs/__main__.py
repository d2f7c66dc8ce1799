"""`python -m programs` writes the programs of this folder anew."""

from programs.write import write

write()
