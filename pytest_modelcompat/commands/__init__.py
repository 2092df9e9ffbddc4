"""The commands behind `modelcompat`, one module each: its options, and what it does with them. No pytest here."""
