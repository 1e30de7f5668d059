"""Routes under /v1/jobs: submit, read and steer jobs."""
