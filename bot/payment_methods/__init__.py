"""What an organization has saved to pay with."""
