"""An organization's saved payment methods in the chat."""
