"""The HTTP side: routes, request parsing, authentication, rate limits, OpenAPI, return pages."""
