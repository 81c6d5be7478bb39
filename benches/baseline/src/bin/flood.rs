//! Back ends that report more than a server can take.
//!
//! ```text
//! cargo run --release -p usher-baseline --bin flood -- 127.0.0.1:8787 --token-file FILE [--connections NUMBER]
//!     [--accesses NUMBER] [--users NUMBER] [--apps NUMBER] [--seconds NUMBER] [--rate NUMBER] [--patient]
//! ```
//!
//! Each connection sends calls of so many accesses, one at a time. With a rate (calls per second over all connections) the loop
//! is open: a call is sent when its time has come, however the others went, and is counted as skipped when its connection still
//! waits for an answer. Without one the loop is closed: everybody comes back at once, whatever they heard; the patient ones
//! after a second when they were refused, as `Retry-After` tells them.
//!
//! Everybody goes to the one app where they have been before, as ledgers are filled here. It costs the machine little, because it shares it with the server: one thread, a request made once for each connection, an
//! answer read and not understood but for its status. Prints one line of JSON; `waited_ms` is how long this program was
//! ready to run and had no processor (as the kernel counts it), by which its own waits come out too long.

use std::{error::Error, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep_until},
};
use usher_bench::{
    chance::Chance,
    latencies::Latencies,
    speech::{
        Heard, Order, People, Speech as _,
        http::{Accesses, body},
    },
};

struct Choice {
    address: SocketAddr,
    token: String,
    connections: u32,
    accesses: usize,
    people: People,
    seconds: f64,
    /// From one call of a connection to its next; none when it comes back at once.
    period: Option<Duration>,
    patient: bool,
}

/// What `Retry-After` says.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Choice {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let address = words.next().ok_or("usage: flood ADDRESS [OPTIONS]")?.parse()?;
        let (mut connections, mut accesses, mut seconds) = (2_000, 200, 5.0);
        let (mut users, mut apps, mut rate, mut patient) = (1_000, 1, None, false);
        let mut token = PathBuf::new();
        while let Some(word) = words.next() {
            if word == "--patient" {
                patient = true;
                continue;
            }
            let value = words.next().ok_or(format!("{word} needs a value"))?;
            match word.as_str() {
                "--token-file" => token = value.into(),
                "--connections" => connections = value.parse()?,
                "--accesses" => accesses = value.parse()?,
                "--users" => users = value.parse()?,
                "--apps" => apps = value.parse()?,
                "--seconds" => seconds = value.parse()?,
                "--rate" => rate = Some(value.parse::<f64>()?),
                _ => return Err(format!("unknown: {word}").into()),
            }
        }
        Ok(Self {
            address,
            token: std::fs::read_to_string(token)?.trim().to_owned(),
            connections,
            accesses,
            people: People {
                order: Order::OwnApp,
                ..People::new(users, apps)
            },
            seconds,
            period: rate.map(|rate| Duration::from_secs_f64(f64::from(connections) / rate)),
            patient,
        })
    }

    /// A call, the same whenever its connection sends it.
    fn call(&self, chance: &mut Chance) -> Vec<u8> {
        let single = Accesses::new(&self.address.to_string(), &self.token, self.people.clone(), b"");
        let mut reported = Vec::new();
        for _ in 0..self.accesses {
            let mut request = Vec::new();
            single.ask(chance, &mut request);
            reported.push(String::from_utf8_lossy(body(&request)).into_owned());
        }
        let body = format!("[{}]", reported.join(","));
        let (address, token, bytes) = (self.address, &self.token, body.len());
        let head = format!(
            "POST /usher/v1/accesses HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {bytes}\r\n\r\n"
        );
        (head + &body).into_bytes()
    }
}

/// What some connections met.
#[derive(Default)]
struct Met {
    admitted: Latencies,
    refused: Latencies,
    others: u64,
    skipped: u64,
}

impl Met {
    fn join(&mut self, other: &Self) {
        self.admitted.join(&other.admitted);
        self.refused.join(&other.refused);
        self.others += other.others;
        self.skipped += other.skipped;
    }

    /// Notes an answer; true when it is a refusal.
    fn note(&mut self, answer: &[u8], took: Duration) -> bool {
        let head = answer
            .get(..answer.len() - body(answer).len())
            .unwrap_or_default();
        let says = |text: &[u8]| head.windows(text.len()).any(|window| window == text);
        if head.starts_with(b"HTTP/1.1 200 ") {
            self.admitted.note(took);
        } else if head.starts_with(b"HTTP/1.1 503 ") && says(b"\r\nRetry-After: ") {
            self.refused.note(took);
        } else {
            self.others += 1;
        }
        head.starts_with(b"HTTP/1.1 503 ")
    }
}

/// One connection, from its first call at `first` until the end.
async fn call_again_and_again(
    mut stream: TcpStream,
    (call, ends): (Vec<u8>, Accesses),
    (first, until): (Instant, Instant),
    (period, patient): (Option<Duration>, bool),
) -> std::io::Result<Met> {
    let (mut met, mut due) = (Met::default(), first);
    let mut answer = Vec::with_capacity(32 * 1024);
    sleep_until(due).await;
    while Instant::now() < until {
        let begun = Instant::now();
        stream.write_all(&call).await?;
        answer.clear();
        while ends.heard(&answer) == Heard::More {
            if stream.read_buf(&mut answer).await? == 0 {
                met.others += 1;
                return Ok(met);
            }
        }
        let refused = met.note(&answer, begun.elapsed());
        if refused && patient {
            sleep_until((Instant::now() + RETRY_AFTER).min(until)).await;
        }
        if let Some(period) = period {
            due += period;
            while due < Instant::now() {
                met.skipped += 1;
                due += period;
            }
            sleep_until(due.min(until)).await;
        }
    }
    Ok(met)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let choice = Arc::new(Choice::read(std::env::args().skip(1))?);
    let mut chance = Chance::new(1);
    let mut ready = Vec::new();
    for _ in 0..choice.connections {
        let stream = TcpStream::connect(choice.address).await?;
        stream.set_nodelay(true)?;
        ready.push((stream, choice.call(&mut chance)));
    }
    let ends = Accesses::new("", "", People::new(1, 1), b"");
    let mut callers = JoinSet::new();
    let begun = Instant::now();
    let until = begun + Duration::from_secs_f64(choice.seconds);
    let waited_before = waited_ms();
    for (number, (stream, call)) in (0_u32..).zip(ready) {
        // Callers begin one after the other, evenly over the first period.
        let first = begun + choice.period.unwrap_or_default() * number / choice.connections;
        let manner = (choice.period, choice.patient);
        callers.spawn(call_again_and_again(
            stream,
            (call, ends.clone()),
            (first, until),
            manner,
        ));
    }
    let mut met = Met::default();
    while let Some(ended) = callers.join_next().await {
        met.join(&ended??);
    }
    print(&met, begun.elapsed(), waited_ms() - waited_before);
    Ok(())
}

/// How long this thread, the only one, was ready to run and did not, in milliseconds; 0 where the kernel does not count it.
fn waited_ms() -> u64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let waited_ns: Option<u64> = text.split(' ').nth(1).and_then(|word| word.parse().ok());
    waited_ns.unwrap_or(0) / 1_000_000
}

#[expect(clippy::print_stdout, reason = "a measurement is there to be printed")]
fn print(met: &Met, took: Duration, waited_ms: u64) {
    let told = |latencies: &Latencies| {
        let [p50, p99, p999] = [500, 990, 999].map(|share| latencies.at_most_us(share));
        let count = latencies.count();
        format!("{{\"calls\":{count},\"p50_us\":{p50},\"p99_us\":{p99},\"p999_us\":{p999}}}")
    };
    println!(
        "{{\"seconds\":{:.3},\"admitted\":{},\"refused\":{},\"others\":{},\"skipped\":{},\"waited_ms\":{waited_ms}}}",
        took.as_secs_f64(),
        told(&met.admitted),
        told(&met.refused),
        met.others,
        met.skipped,
    );
}
