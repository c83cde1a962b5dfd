"""The cockpit: the face in the browser. Nothing below imports it, and nothing of it is loaded unless it is served."""
