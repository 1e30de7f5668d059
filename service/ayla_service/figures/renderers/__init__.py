"""What puts material on a figure: one module per kind of picture. All of it is called within ``canvas.styled``."""
