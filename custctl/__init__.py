"""Customers of a B2B seller, and who may do what with them."""

__version__ = "0.1.0"
