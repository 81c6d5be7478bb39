//! Callers who open apps, without anything around them: for profiling a server by hand.
//!
//! ```text
//! cargo run --release -p usher-baseline --bin crowd -- 127.0.0.1:8787 [--token-file FILE] [--connections NUMBER]
//!     [--users NUMBER] [--apps NUMBER] [--seed NUMBER] [--seconds NUMBER | --requests NUMBER] [--any-answer]
//!     [--own-app | --in-turn] [--questions | --page PATH]
//! ```
//!
//! Users are numbered as `usher bench` numbers them. Prints one line of JSON. With `--any-answer` whatever has status 200 is
//! good, else only "admitted" is. With `--own-app` everybody comes to the one app that is theirs, with `--in-turn` besides each in
//! turn. With `--questions` they come as a gateway asks about them, with `--page` everybody fetches that page instead.

use std::{error::Error, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use usher_bench::{
    crowd::{Crowd, End, Slice},
    speech::{
        Order, People, Speech,
        http::{Accesses, Pages, Questions},
    },
};

struct Choice {
    address: SocketAddr,
    token_file: Option<PathBuf>,
    connections: usize,
    people: (u64, u64),
    seed: u64,
    end: End,
    any_answer: bool,
    order: Order,
    questions: bool,
    page: Option<String>,
}

impl Choice {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut choice = Self {
            address: words.next().ok_or("usage: crowd ADDRESS [OPTIONS]")?.parse()?,
            token_file: None,
            connections: 256,
            people: (1_000_000, 20),
            seed: 1,
            end: End::After(Duration::from_secs(5)),
            any_answer: false,
            order: Order::AnyApp,
            questions: false,
            page: None,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--token-file" => choice.token_file = Some(value()?.into()),
                "--connections" => choice.connections = value()?.parse()?,
                "--users" => choice.people.0 = value()?.parse()?,
                "--apps" => choice.people.1 = value()?.parse()?,
                "--seed" => choice.seed = value()?.parse()?,
                "--seconds" => choice.end = End::After(Duration::from_secs_f64(value()?.parse()?)),
                "--requests" => choice.end = End::Requests(value()?.parse()?),
                "--any-answer" => choice.any_answer = true,
                "--own-app" => choice.order = Order::OwnApp,
                "--in-turn" => choice.order = Order::InTurn(Arc::default()),
                "--questions" => choice.questions = true,
                "--page" => choice.page = Some(value()?),
                _ => return Err(format!("unknown: {word}").into()),
            }
        }
        Ok(choice)
    }

    fn speech(&self) -> Result<Arc<dyn Speech>, Box<dyn Error>> {
        let token = match &self.token_file {
            Some(file) => std::fs::read_to_string(file)?,
            None => "s-nobody".to_owned(),
        };
        let (host, token) = (self.address.to_string(), token.trim());
        let people = People {
            order: self.order.clone(),
            ..People::new(self.people.0, self.people.1)
        };
        Ok(match &self.page {
            Some(path) => Arc::new(Pages::new(&host, [(path.as_str(), token)])),
            None if self.questions => Arc::new(Questions::new(people)),
            None => {
                let hoped_for = if self.any_answer { b"" } else { Accesses::ADMITTED };
                Arc::new(Accesses::new(&host, token, people, hoped_for))
            }
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let choice = Choice::read(std::env::args().skip(1))?;
    let speech = choice.speech()?;
    let mut crowd = Crowd::connect(choice.address, choice.connections, choice.seed, speech.as_ref()).await?;
    let slice = crowd.drive(&speech, choice.end).await?;
    print(&slice);
    Ok(if slice.bad == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[expect(clippy::print_stdout, reason = "a measurement is there to be printed")]
fn print(slice: &Slice) {
    let Slice {
        good,
        bad,
        took,
        latencies,
    } = slice;
    println!(
        "{{\"good\":{good},\"bad\":{bad},\"seconds\":{:.3},\"per_second\":{:.0},\"p50_us\":{},\"p99_us\":{},\"p999_us\":{},\"longest_us\":{}}}",
        took.as_secs_f64(),
        slice.per_second(),
        latencies.at_most_us(500),
        latencies.at_most_us(990),
        latencies.at_most_us(999),
        latencies.longest_us()
    );
}
