"""Personal settings: notifications, quiet hours, time zone, language."""
