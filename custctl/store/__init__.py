"""The database: connection, migrations, models, reads, writes and documents; all SQL is here."""
