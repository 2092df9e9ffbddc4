"""Layouts: where each format and version of Keras keeps variables."""
