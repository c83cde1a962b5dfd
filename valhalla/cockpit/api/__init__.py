"""The same as JSON, one module a subject; valhalla/cockpit/routes.py lists them."""
