"""The edits, a family a file; `order` has them all."""
