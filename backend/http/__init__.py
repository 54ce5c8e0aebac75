"""HTTP: routes, request parsing, authentication, rate limits, OpenAPI and return pages."""
