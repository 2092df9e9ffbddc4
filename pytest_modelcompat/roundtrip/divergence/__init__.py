"""Where two models part that should predict the same: the first of their layers that gives something else."""
