"""Starting and supervising everything on one machine, and the demo."""
