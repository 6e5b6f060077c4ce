"""What reproduces every performance figure of the project: `python -m benchmarks.run` (README.md beside this file)."""
