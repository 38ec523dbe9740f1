"""The front door: the command line that starts, runs, checks and shows everything."""
