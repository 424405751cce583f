"""The server's routes as a few tools of the Model Context Protocol, for assistants that act for a person."""
