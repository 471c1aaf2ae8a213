"""Documents: TOML, YAML and JSON texts of one shape, read into plain tables and written from them."""

from custctl.store.documents.reading import Document, read
from custctl.store.documents.writing import write_document

__all__ = ["Document", "read", "write_document"]
