"""Records what the TensorFlow and the Keras of this interpreter know.

Stands alone: the standard library, NumPy, TensorFlow and Keras, in the syntax of Python 3.8. Copy this folder into any
environment and start it by path: `python recorder --out prod.json`.
"""
