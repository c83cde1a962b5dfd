"""The cockpit in the browser: reads a request, calls one use case or query below, and renders a page or JSON."""
