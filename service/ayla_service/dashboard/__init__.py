"""The dashboard: a web page that uses the API as any other client does, served from files in the package."""
