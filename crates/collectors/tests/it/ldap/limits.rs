//! Between a client and a directory server: imposes what Active Directory imposes and the servers that
//! can be had do not, which is pages of so many entries and values of an attribute in ranges.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use ldap3::asn1::{IResult, PL, StructureTag, parse_tag, write};

const SEARCH: u64 = 3;
const ENTRY: u64 = 4;
/// Paged results by their object identifier (RFC 2696).
const PAGED: &[u8] = b"1.2.840.113556.1.4.319";

/// What it allows: entries a page, values of an attribute an answer.
#[derive(Clone, Copy)]
pub struct Limits {
    pub page: usize,
    pub values: usize,
    /// Answers a question for further values with one of them, and says that it were all.
    pub loses_ranges: bool,
}

/// What was seen to pass.
#[derive(Default)]
pub struct Seen {
    /// Entries of the longest page.
    pub longest_page: usize,
    /// Entries since the last answer ended.
    entries: usize,
    /// Answers that gave a part of an attribute.
    pub ranges: usize,
    /// From which value on a search asked, by the number of its message.
    from: BTreeMap<Vec<u8>, (Vec<u8>, usize)>,
}

/// A proxy on a port of its own for one connection after another; its address and what it saw.
pub fn between(server: &str, limits: Limits) -> (String, Arc<Mutex<Seen>>) {
    let server = server.strip_prefix("ldap://").unwrap().to_owned();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let here = format!("ldap://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Seen::default()));
    let noted = Arc::clone(&seen);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            let server = TcpStream::connect(&server).unwrap();
            let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let seen = Arc::clone(&noted);
            std::thread::spawn(move || {
                pass(from, to, |message| {
                    asked(message, limits, &mut seen.lock().unwrap())
                });
            });
            let seen = Arc::clone(&noted);
            std::thread::spawn(move || {
                pass(server, client, |message| {
                    answered(message, limits, &mut seen.lock().unwrap())
                });
            });
        }
    });
    (here, seen)
}

/// Passes message by message.
fn pass(mut from: TcpStream, mut to: TcpStream, change: impl Fn(StructureTag) -> StructureTag) {
    let mut held = Vec::new();
    let mut some = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut some) {
        held.extend_from_slice(&some[..count]);
        let mut out = bytes::BytesMut::new();
        let mut rest = &held[..];
        while let IResult::Ok((after, message)) = parse_tag(rest) {
            write::encode_into(&mut out, change(message)).unwrap();
            rest = after;
        }
        held = rest.to_vec();
        if to.write_all(&out).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

fn parts(tag: &mut StructureTag) -> &mut Vec<StructureTag> {
    match &mut tag.payload {
        PL::C(parts) => parts,
        PL::P(_) => panic!("a plain value where parts were expected"),
    }
}

fn value(tag: &mut StructureTag) -> &mut Vec<u8> {
    match &mut tag.payload {
        PL::P(value) => value,
        PL::C(_) => panic!("parts where a plain value was expected"),
    }
}

fn number(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

fn written(number: usize) -> Vec<u8> {
    u32::try_from(number).unwrap().to_be_bytes().to_vec()
}

/// A search without pages gets as many entries as a page has; a longer page is made shorter; values
/// beyond a range are asked of the server, which knows no ranges, as all of them.
fn asked(mut message: StructureTag, limits: Limits, seen: &mut Seen) -> StructureTag {
    let all = parts(&mut message);
    if all[1].id != SEARCH {
        return message;
    }
    let id = value(&mut all[0]).clone();
    for attribute in parts(&mut parts(&mut all[1])[7]) {
        let name = value(attribute);
        let text = String::from_utf8(name.clone()).unwrap();
        if let Some((plain, range)) = text.split_once(";range=") {
            let from = range.split_once('-').unwrap().0.parse().unwrap();
            seen.from.insert(id.clone(), (plain.into(), from));
            *name = plain.into();
        }
    }
    let mut paged = false;
    for control in all.get_mut(2).map(parts).into_iter().flatten() {
        let control = parts(control);
        if value(&mut control[0]) == PAGED {
            paged = true;
            let inner = value(control.last_mut().unwrap());
            let IResult::Ok((_, mut wanted)) = parse_tag(inner) else {
                panic!("the control of pages");
            };
            let size = value(&mut parts(&mut wanted)[0]);
            *size = written(number(size).min(limits.page));
            let mut out = bytes::BytesMut::new();
            write::encode_into(&mut out, wanted).unwrap();
            *inner = out.to_vec();
        }
    }
    if !paged {
        *value(&mut parts(&mut all[1])[3]) = written(limits.page);
    }
    message
}

/// Attributes of more values than allowed come in part, by a name that says which.
fn answered(mut message: StructureTag, limits: Limits, seen: &mut Seen) -> StructureTag {
    let all = parts(&mut message);
    let id = value(&mut all[0]).clone();
    if all[1].id != ENTRY {
        seen.longest_page = seen.longest_page.max(std::mem::take(&mut seen.entries));
        return message;
    }
    seen.entries += 1;
    let from = seen.from.get(&id).cloned();
    let attributes = parts(&mut parts(&mut all[1])[1]);
    let mut cut = Vec::new();
    for attribute in attributes.iter_mut() {
        let [name, values] = &mut parts(attribute)[..] else {
            panic!("an attribute");
        };
        let name = value(name);
        let start = match &from {
            Some((plain, from)) if plain == name => *from,
            _ => 0,
        };
        let values = parts(values);
        if start == 0 && values.len() <= limits.values {
            continue;
        }
        seen.ranges += 1;
        let end = (start + limits.values).min(values.len());
        let last = match end == values.len() {
            true => "*".to_owned(),
            false => (end - 1).to_string(),
        };
        let whole = attribute.clone();
        let [name, values] = &mut parts(attribute)[..] else {
            panic!("an attribute");
        };
        let plain = String::from_utf8(value(name).clone()).unwrap();
        *value(name) = format!("{plain};range={start}-{last}").into_bytes();
        let values = parts(values);
        *values = match limits.loses_ranges && start > 0 {
            true => values[start..=start].to_vec(),
            false => values[start.min(end)..end].to_vec(),
        };
        // The plain name comes too, without a value.
        let mut empty = whole;
        parts(&mut parts(&mut empty)[1]).clear();
        cut.push(empty);
    }
    attributes.extend(cut);
    message
}
