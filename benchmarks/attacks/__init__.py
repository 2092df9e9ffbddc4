"""Files that attack whoever loads them, made on demand and never kept; all they do is to write one empty file."""
