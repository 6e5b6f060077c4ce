"""What reproduces every performance figure of the project: `python -m benchmarks COMMAND` (README.md beside this file)."""
