//! Does a part so many times, for `benches/gate` to count.
//!
//! ```text
//! cargo run -p usher-parts --example parts -- list
//! cargo run -p usher-parts --example parts -- PART TIMES
//! ```

use std::error::Error;

use usher_parts::PARTS;

#[expect(clippy::print_stdout, reason = "the gate reads the list")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let name = words.next().ok_or("usage: parts list | parts PART TIMES")?;
    if name == "list" {
        for part in PARTS {
            println!("{} {}", part.name, part.times);
        }
        return Ok(());
    }
    let part = PARTS
        .iter()
        .find(|part| part.name == name)
        .ok_or("no such part")?;
    let times = words.next().ok_or("how often?")?.parse()?;
    (part.run)(times);
    Ok(())
}
