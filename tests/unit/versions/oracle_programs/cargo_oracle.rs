// Asks the semver crate, which Cargo uses; see README.md.
use std::io::{self, BufRead, Write};

fn parsed(hex: &str) -> Option<semver::Version> {
    let bytes: Vec<u8> = (0..hex.len() / 2)
        .map(|place| u8::from_str_radix(&hex[place * 2..place * 2 + 2], 16).unwrap())
        .collect();
    semver::Version::parse(std::str::from_utf8(&bytes).unwrap()).ok()
}

fn main() {
    let mut out = io::BufWriter::new(io::stdout());
    for line in io::stdin().lock().lines() {
        let line = line.unwrap();
        let (a, b) = line.split_once(' ').unwrap();
        let (a, b) = (parsed(a), parsed(b));
        let order = match (&a, &b) {
            // What cmp_precedence of newer releases of the crate says.
            (Some(a), Some(b)) => (a.major, a.minor, a.patch, &a.pre)
                .cmp(&(b.major, b.minor, b.patch, &b.pre)) as i32,
            _ => 0,
        };
        writeln!(out, "{} {} {}", a.is_some() as i32, b.is_some() as i32, order).unwrap();
    }
}
