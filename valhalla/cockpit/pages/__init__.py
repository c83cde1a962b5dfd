"""The pages, one module each; valhalla/cockpit/routes.py lists them."""
