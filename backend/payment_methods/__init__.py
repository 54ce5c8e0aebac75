"""Payment methods: list and change them, add them, copy them from Stripe; Stripe's customers."""
