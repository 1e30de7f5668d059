"""Wake-ups over Celery: the settings, the application and the publisher. Nothing else of the service knows Celery."""
