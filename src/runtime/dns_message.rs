//! The little of DNS messages that answering for names of containers takes (RFC 1035, 4.1): one
//! question in, addresses or a name out. Whatever else comes is passed on as it is.

use std::net::Ipv4Addr;

/// What stands before the question.
const HEADER: usize = 12;

/// The longest answer by datagram that everybody understands.
pub(super) const DATAGRAM: usize = 512;

/// How long an answer may be remembered, in seconds; docker's.
const TIME_TO_LIVE: u32 = 600;

/// Points at the name in the question.
const SAME_NAME: [u8; 2] = [0xc0, 0x0c];

const INTERNET: u16 = 1;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An IPv4 address.
    Address,
    /// An IPv6 address.
    LongAddress,
    /// A name.
    Pointer,
    /// Something else.
    Other,
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    NoError = 0,
    ServerFailure = 2,
}

/// A question as it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query<'a> {
    message: &'a [u8],
    /// Where the question ends.
    end: usize,
    /// The name that is asked about, without a dot at its end.
    pub name: String,
    /// What is asked about it.
    pub kind: Kind,
}

impl<'a> Query<'a> {
    /// Reads a message; none where it is no single question.
    pub fn read(message: &'a [u8]) -> Option<Self> {
        let number = |at: usize| {
            Some(u16::from_be_bytes(
                message.get(at..at + 2)?.try_into().ok()?,
            ))
        };
        let (flags, questions) = (number(2)?, number(4)?);
        // A question (bit 15), an ordinary one (bits 11 to 14), and one of them.
        if flags & 0xf800 != 0 || questions != 1 {
            return None;
        }
        let (mut name, mut at) = (String::new(), HEADER);
        loop {
            let length = usize::from(*message.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            // 63 at most: more is a pointer, which a question has no use for.
            let label = message.get(at..at + length).filter(|_| length < 64)?;
            at += length;
            if !name.is_empty() {
                name.push('.');
            }
            name.push_str(std::str::from_utf8(label).ok()?);
        }
        let kind = match (number(at)?, number(at + 2)?) {
            (1, INTERNET) => Kind::Address,
            (28, INTERNET) => Kind::LongAddress,
            (12, INTERNET) => Kind::Pointer,
            _ => Kind::Other,
        };
        Some(Self {
            message,
            end: at + 4,
            name,
            kind,
        })
    }

    /// The address whose name is asked for: `2.0.18.172.in-addr.arpa`.
    pub fn pointed_at(&self) -> Option<Ipv4Addr> {
        let name = self.name.to_ascii_lowercase();
        let mut parts = name.strip_suffix(".in-addr.arpa")?.rsplit('.');
        let mut next = || parts.next()?.parse::<u8>().ok();
        let address = Ipv4Addr::new(next()?, next()?, next()?, next()?);
        parts.next().is_none().then_some(address)
    }

    /// Answers with addresses, as many as fit into `room` bytes.
    pub fn addresses(&self, addresses: &[Ipv4Addr], room: usize) -> Vec<u8> {
        let records = addresses.iter().map(|it| record(1, &it.octets()));
        self.answer(records, room)
    }

    /// Answers with a name.
    pub fn pointer(&self, name: &str) -> Vec<u8> {
        let mut value = Vec::new();
        for label in name.split('.') {
            value.push(u8::try_from(label.len()).unwrap_or(0).min(63));
            value.extend(label.bytes().take(63));
        }
        value.push(0);
        self.answer([record(12, &value)].into_iter(), DATAGRAM)
    }

    /// Answers with a code and nothing else.
    pub fn refuse(&self, code: Code) -> Vec<u8> {
        let mut answer = self.answer(std::iter::empty(), DATAGRAM);
        answer[3] |= code as u8;
        answer
    }

    fn answer(&self, records: impl Iterator<Item = Vec<u8>>, room: usize) -> Vec<u8> {
        let mut answer = self.message[..self.end].to_vec();
        // An answer (bit 7) to the same kind of question; whoever asked for more than we know is told
        // that we do that (bit 7 of the next).
        answer[2] = 0x80 | (self.message[2] & 0x79);
        answer[3] = 0x80;
        answer[6..HEADER].fill(0);
        let mut count: u16 = 0;
        for record in records {
            if answer.len() + record.len() > room {
                // There is more: ask by TCP.
                answer[2] |= 2;
                break;
            }
            answer.extend(record);
            count += 1;
        }
        answer[6..8].copy_from_slice(&count.to_be_bytes());
        answer
    }
}

fn record(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut record = SAME_NAME.to_vec();
    record.extend(kind.to_be_bytes());
    record.extend(INTERNET.to_be_bytes());
    record.extend(TIME_TO_LIVE.to_be_bytes());
    let length = u16::try_from(value.len()).expect("values here are short");
    record.extend(length.to_be_bytes());
    record.extend(value);
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(name: &str, kind: u16) -> Vec<u8> {
        let mut message = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
        for label in name.split('.') {
            message.push(u8::try_from(label.len()).unwrap());
            message.extend(label.bytes());
        }
        message.push(0);
        message.extend(kind.to_be_bytes());
        message.extend([0, 1]);
        // What resolvers add at the end (EDNS).
        message.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
        message
    }

    #[test]
    fn a_question_is_read_and_answered_under_its_number() {
        let message = question("web.shop", 1);
        let query = Query::read(&message).unwrap();
        assert_eq!(
            (query.name.as_str(), query.kind),
            ("web.shop", Kind::Address)
        );
        let answer = query.addresses(&[Ipv4Addr::new(172, 18, 0, 2)], DATAGRAM);
        let mut expected = vec![0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
        expected.extend(b"\x03web\x04shop\x00\x00\x01\x00\x01");
        expected.extend(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x02\x58\x00\x04\xac\x12\x00\x02");
        assert_eq!(answer, expected);
    }

    #[test]
    fn the_name_of_an_address_is_asked_for_backwards() {
        let pointed = |name: &str| Query::read(&question(name, 12)).unwrap().pointed_at();
        let address = Some(Ipv4Addr::new(172, 18, 0, 2));
        assert_eq!(pointed("2.0.18.172.IN-ADDR.arpa"), address);
        assert_eq!(pointed("1.2.0.18.172.in-addr.arpa"), None);
        assert_eq!(pointed("0.18.172.in-addr.arpa"), None);
        let message = question("2.0.18.172.in-addr.arpa", 12);
        let answer = Query::read(&message).unwrap().pointer("web.shop");
        assert!(
            answer.ends_with(b"\x00\x0a\x03web\x04shop\x00"),
            "{answer:?}"
        );
    }

    #[test]
    fn more_addresses_than_fit_are_cut_and_that_is_said() {
        let message = question("web", 1);
        let query = Query::read(&message).unwrap();
        let many = vec![Ipv4Addr::new(10, 0, 0, 2); 100];
        let answer = query.addresses(&many, DATAGRAM);
        assert!(answer.len() <= DATAGRAM && answer[2] & 2 == 2);
        let whole = query.addresses(&many, usize::from(u16::MAX));
        assert_eq!((whole[2] & 2, whole[7]), (0, 100));
    }

    #[test]
    fn what_is_no_question_is_none() {
        let right = question("web", 1);
        assert!(Query::read(&right).is_some());
        for end in 0..HEADER + 9 {
            assert_eq!(Query::read(&right[..end]), None, "{end}");
        }
        let mut answer = right.clone();
        answer[2] |= 0x80;
        assert_eq!(Query::read(&answer), None);
        let mut pointer = right;
        pointer[HEADER] = 0xc0;
        assert_eq!(Query::read(&pointer), None);
    }
}
