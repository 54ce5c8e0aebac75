"""What a person chose for themselves: language, time zone, quiet hours."""
