"""What a night may meet, met at every point: `python -m tests.sweeps kill|stop|fail|drop|race|orders|revoke --help`.

A run of the real pipeline (config, inbox, archive, lock, warehouse) is made to fail at its n-th point, for n = 1, 2, … A point is
whatever touches the world: a file opened for writing, made, renamed or removed, a lock, a statement, a commit, a batch
handed to a driver, a named step (etl_core/steps.py). After each, the warehouse must be in a state that a clean run
passes through between two deliveries, and one more run must bring it to the clean run's end, with nothing left lying about.

The children's answers are recorded once (tape.py): what a dying child does to a run is tested elsewhere. Each run is a fork
of one process that has everything imported and nothing opened, so that thousands of them are a matter of minutes.
"""
