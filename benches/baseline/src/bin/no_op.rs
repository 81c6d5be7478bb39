//! The bare hyper server as a program of its own: `usher_bench::no_op` says what it answers.
//!
//! ```text
//! cargo run --release -p usher-baseline --bin no_op -- 127.0.0.1:8788
//! ```
//!
//! It prints its address and serves until its input ends.

use std::{error::Error, net::SocketAddr};

use tokio::net::TcpListener;

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "whoever starts it wants to know where it listens"
)]
async fn main() -> Result<(), Box<dyn Error>> {
    let address: SocketAddr = std::env::args().nth(1).ok_or("usage: no_op ADDRESS")?.parse()?;
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    let input_ended =
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    tokio::select! {
        _ = input_ended => Ok(()),
        served = usher_bench::no_op::serve(listener) => match served? {},
    }
}
