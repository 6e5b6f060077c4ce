"""The same delivery through other tools, each module run by the Python of an environment that has it: `-m benchmarks.peers.NAME FILE URL FOLDER`."""
