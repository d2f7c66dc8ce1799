"""The mathematics: every rule that a program can call, each written once."""
