"""The history of the warehouse's schema: one module per step in versions/, run by warehouse/schema.py."""
