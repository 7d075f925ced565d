"""The embedded digits: a folder with one data file, its licence and its provenance."""
