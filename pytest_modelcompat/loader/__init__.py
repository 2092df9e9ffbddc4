"""What runs inside a runtime: loads artifacts and runs predictions, each in a fresh child process.

Stands alone: the standard library, NumPy and TensorFlow, in syntax of Python 3.8. It is started by path and imports
nothing from the package around it, so that it also runs where pytest-modelcompat is not installed.
"""
