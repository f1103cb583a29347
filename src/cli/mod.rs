//! Turns flags, environment and configuration into one validated request.
