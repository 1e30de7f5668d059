"""Datasets that teams upload: checked, kept in the store as Parquet, read by the team's jobs."""
