"""A replay, or several side by side, as one HTML file: no script, no other file, drawings as inline SVG."""
