//! The bare hyper server as a program of its own: `usher_bench::no_op` says what it answers.
//!
//! ```text
//! cargo run --release -p usher-baseline --bin no_op -- 127.0.0.1:8788 [BYTES]
//! ```
//!
//! It prints its address and serves until its input ends. With BYTES its answers have a body of so many instead of the usual.

use std::{convert::Infallible, error::Error, io, net::SocketAddr};

use tokio::net::TcpListener;

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "whoever starts it wants to know where it listens"
)]
async fn main() -> Result<(), Box<dyn Error>> {
    let address: SocketAddr = std::env::args().nth(1).ok_or("usage: no_op ADDRESS")?.parse()?;
    let bytes = std::env::args().nth(2).map(|bytes| bytes.parse()).transpose()?;
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    let input_ended = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink()));
    tokio::select! {
        _ = input_ended => Ok(()),
        served = serve(listener, bytes) => match served? {},
    }
}

async fn serve(listener: TcpListener, bytes: Option<usize>) -> io::Result<Infallible> {
    match bytes {
        Some(bytes) => usher_bench::no_op::serve_body(listener, vec![b'0'; bytes].into()).await,
        None => usher_bench::no_op::serve(listener).await,
    }
}
