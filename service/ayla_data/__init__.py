"""Tables of numbers in files: CSV, Parquet and NPZ, each value read as the nearest float64 or refused.

The service reads uploads with it and the worker the files it trains on, so that both see the same numbers.
"""
