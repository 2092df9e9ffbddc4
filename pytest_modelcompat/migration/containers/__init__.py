"""Files as they are written: HDF5 files and zips that are copies but for what an edit changes."""
