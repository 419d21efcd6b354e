"""The gateway's HTTP face: wire types, routes, errors and server-sent events."""
