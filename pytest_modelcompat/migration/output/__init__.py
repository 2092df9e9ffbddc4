"""What is written, where it goes, and the record beside it."""
