"""The one place for SQL: tables, store (writes), reports (reads), migrations. Times are UTC."""
