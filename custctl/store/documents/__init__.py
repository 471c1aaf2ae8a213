"""Documents: TOML, YAML and JSON texts of one shape, read into plain tables and written from them."""

from custctl.store.documents.reading import Document, read, read_json
from custctl.store.documents.source import API_VERSION, SIZE_LIMIT
from custctl.store.documents.writing import document_pieces, write_document, write_record, write_table

__all__ = [
    "API_VERSION",
    "SIZE_LIMIT",
    "Document",
    "document_pieces",
    "read",
    "read_json",
    "write_document",
    "write_record",
    "write_table",
]
