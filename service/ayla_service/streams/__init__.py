"""What happens to jobs, told to many streams at once from few looks into the store."""
