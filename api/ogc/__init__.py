"""OGC API Features (parts 1 to 3) under `/ogc`: landing page, collections, features, queryables; JSON and HTML."""
