"""The store's schema, step by step: one module in ``versions`` per change, run by Alembic."""
