"""Queue of shards: claims, leases, attempts and how jobs end. The store is the truth; a message only wakes up."""
