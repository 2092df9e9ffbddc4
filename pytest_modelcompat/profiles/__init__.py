"""What each TensorFlow and each Keras knows: recorded data, their history, and the recorder."""
