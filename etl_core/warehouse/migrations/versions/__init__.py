"""Steps of the schema, each frozen once released: a change is a new step, never an edit."""
