"""Payment methods: list and change them, add them by a link, Stripe's customers."""
