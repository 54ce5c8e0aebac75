"""What Stripe's objects say about our payments, refunds, disputes and payment methods."""
