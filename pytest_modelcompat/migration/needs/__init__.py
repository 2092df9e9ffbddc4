"""What no edit answers: the ways that remain, and code to paste."""
