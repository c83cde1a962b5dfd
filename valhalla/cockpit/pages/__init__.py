"""Pages with their JSON, one module a subject; valhalla/cockpit/routes.py lists them."""
