"""Describing an HDF5 file from its metadata, in Python alone and without reading its datasets.

The HDF5 library crashes or never ends on some damaged files (a handful of 20,000 with flipped bits), so a file that
nobody trusts is not for it. Here every read is checked against the file's size and every walk against cycles.
The layout is that of the HDF5 File Format Specification, version 3.0, of The HDF Group.
"""
