"""A little shop that serves prices over HTTP and never wants to be restarted."""
