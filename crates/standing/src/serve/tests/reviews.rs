//! Access reviews on pages and by the API.
