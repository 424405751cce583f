"""The engine and the store over HTTP: `create_app` makes the application, uvicorn runs it."""
