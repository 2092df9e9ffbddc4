"""What shows that a written artifact is the old one: outputs, weights and training of both, held against each other."""
