"""glassnet: fully connected neural networks made of glass."""
