"""The rules of the static verdict, one file for each kind of thing that can go wrong."""
