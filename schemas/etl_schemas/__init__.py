"""The unified contracts, enums and code tables that every source shares.

enums, messages and reasons are light (standard library only); training and checks import pandera and polars.
Nothing is imported here, so that a command that only speaks answers at once.
"""
