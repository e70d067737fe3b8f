//! A small file in MaxMind's format, as its specification describes it (version 2.0): a tree over the bits of addresses, the rows
//! behind it, and a map that says so.

use std::net::{IpAddr, Ipv6Addr};

/// Between the tree and the rows.
const GAP: usize = 16;

/// A value of a row.
pub enum Field<'a> {
    Text(&'a str),
    Number(f64),
    Map(Vec<(&'a str, Field<'a>)>),
}

/// A network with a city, or with a country alone.
pub struct Network<'a> {
    pub address: &'a str,
    /// Bits of it that count, as people write them.
    pub bits: usize,
    pub country: &'a str,
    pub city: Option<&'a str>,
    pub at: (f64, f64),
}

fn put(out: &mut Vec<u8>, field: &Field<'_>) {
    let head = |out: &mut Vec<u8>, kind: u8, size: usize| match size {
        0..29 => out.push(kind << 5 | size as u8),
        _ => out.extend([kind << 5 | 29, (size - 29) as u8]),
    };
    match field {
        Field::Text(text) => {
            head(out, 2, text.len());
            out.extend(text.bytes());
        }
        Field::Number(number) => {
            head(out, 3, 8);
            out.extend(number.to_be_bytes());
        }
        Field::Map(fields) => {
            head(out, 7, fields.len());
            for (name, field) in fields {
                put(out, &Field::Text(name));
                put(out, field);
            }
        }
    }
}

/// An unsigned number, of 2, 4 or 8 bytes.
fn put_whole(out: &mut Vec<u8>, name: &str, number: u64, bytes: usize) {
    put(out, &Field::Text(name));
    match bytes {
        2 => out.push(5 << 5 | 2),
        4 => out.push(6 << 5 | 4),
        _ => out.extend([8, 2]),
    }
    out.extend(&number.to_be_bytes()[8 - bytes..]);
}

/// The file's bytes.
pub fn written(networks: &[Network<'_>]) -> Vec<u8> {
    // Each node leads on by a bit: to a node, or to a row (as its place, counted from 1 beyond all nodes).
    let (mut nodes, mut rows) = (vec![[0_i64; 2]], Vec::new());
    for network in networks {
        let row = rows.len() as i64;
        let mut fields = vec![("country", Field::Map(vec![("iso_code", Field::Text(network.country))]))];
        fields.extend(
            network.city.map(|city| ("city", Field::Map(vec![("names", Field::Map(vec![("en", Field::Text(city))]))]))),
        );
        let (north, east) = network.at;
        let at = vec![("latitude", Field::Number(north)), ("longitude", Field::Number(east))];
        fields.push(("location", Field::Map(at)));
        put(&mut rows, &Field::Map(fields));
        let (bits, length) = match network.address.parse().unwrap() {
            IpAddr::V4(address) => (Ipv6Addr::from(u128::from(u32::from(address))), network.bits + 96),
            IpAddr::V6(address) => (address, network.bits),
        };
        let mut node = 0;
        for depth in 0..length {
            let side = (u128::from(bits) >> (127 - depth) & 1) as usize;
            if depth + 1 == length {
                nodes[node][side] = -1 - row;
            } else {
                if nodes[node][side] <= 0 {
                    nodes[node][side] = nodes.len() as i64;
                    nodes.push([0; 2]);
                }
                node = nodes[node][side] as usize;
            }
        }
    }
    let count = nodes.len();
    let value = |leads: i64| match leads {
        0 => count,
        1.. => leads as usize,
        _ => count + GAP + (-1 - leads) as usize,
    };
    let mut file: Vec<u8> = nodes.iter().flatten().flat_map(|leads| (value(*leads) as u32).to_be_bytes()).collect();
    file.extend([0; GAP]);
    file.extend(rows);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    // Nine fields.
    file.push((7 << 5) | 9);
    put(&mut file, &Field::Text("database_type"));
    put(&mut file, &Field::Text("Test-City"));
    put(&mut file, &Field::Text("description"));
    put(&mut file, &Field::Map(Vec::new()));
    for (name, number, bytes) in [
        ("binary_format_major_version", 2, 2),
        ("binary_format_minor_version", 0, 2),
        ("ip_version", 6, 2),
        ("record_size", 32, 2),
        ("node_count", count as u64, 4),
        ("build_epoch", 1_790_000_000, 8),
    ] {
        put_whole(&mut file, name, number, bytes);
    }
    // Its languages: an empty list.
    put(&mut file, &Field::Text("languages"));
    file.extend([0, 4]);
    file
}
