"""The HTTP interface: routes, what they accept and answer, and how errors look."""
