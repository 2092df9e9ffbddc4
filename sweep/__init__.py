"""Measures what each version of Keras reads back: every class and argument, saved in each version, loaded in others."""
