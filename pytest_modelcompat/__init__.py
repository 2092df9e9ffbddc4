"""Fails CI when a saved TensorFlow/Keras model stops loading, or loads and predicts something else."""
