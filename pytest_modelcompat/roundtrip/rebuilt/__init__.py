"""A live model made again from its configuration, as .h5 and .keras do it, and where the two compute something else."""
