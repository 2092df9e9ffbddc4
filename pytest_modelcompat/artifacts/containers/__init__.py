"""The containers that artifacts are kept in: zip, HDF5, npz, protobuf, tables and pickles, each read with bounds."""
