//! The door's stories. `hand_driven` stands in for an engine only where a real one cannot be made to do a thing on
//! command: to take its time, to fail, to miscount. `ledger` uses the real one.

mod batching;
mod closing;
mod failing;
mod hand_driven;
mod ledger;
mod queueing;
mod together;
mod watermark;
