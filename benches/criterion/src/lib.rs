//! Nothing of its own: the parts are in `usher-parts`, and `benches/parts.rs` times them.
