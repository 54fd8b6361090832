//! pager.toml: layers, schema, and errors that name file, line and column.
