"""A model of the warehouse at sizes that no machine here can hold: measured figures, stated assumptions, seeded nights.

Nothing is measured here. `measured.toml` says what was, and by which command; `assumed.toml` says what was not.
"""
