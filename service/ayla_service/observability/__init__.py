"""What people who run the service see: metrics, and whether what it depends on answers. Knows nothing of the store."""
