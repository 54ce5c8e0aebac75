"""The backend over HTTP: its client, its errors, and claiming work from its queues."""
