"""Outputs, arrays and whole artifacts compared; neither pytest nor TensorFlow."""
