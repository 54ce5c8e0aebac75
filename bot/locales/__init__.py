"""What people read: a file of sentences per language, and how they are filled in."""
