"""The dashboard: pages, scripts and styles that the service serves as they lie here."""
