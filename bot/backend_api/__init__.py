"""The backend over HTTP: its client, its errors, and the claiming of work."""
