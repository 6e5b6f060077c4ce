"""The unified contracts, enums and code tables that every source shares."""
