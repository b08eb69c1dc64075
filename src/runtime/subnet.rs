//! Ranges of addresses: which are free on this machine, and who gets which.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A range of addresses, written `172.17.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subnet {
    /// Its first address.
    base: u32,
    /// How many bits all of its addresses share.
    bits: u8,
}

impl Subnet {
    /// Makes one; none where the address has bits beyond those that are shared.
    pub fn new(base: Ipv4Addr, bits: u8) -> Option<Self> {
        let base = u32::from(base);
        let fits = bits <= 30 && base & !mask(bits) == 0;
        fits.then_some(Self { base, bits })
    }

    /// Reads an address in a range, `10.1.2.3/16`, as that range.
    pub fn around(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let (address, bits): (Ipv4Addr, u8) = (address.parse().ok()?, bits.parse().ok()?);
        let bits = Some(bits).filter(|it| *it <= 30)?;
        Self::new((u32::from(address) & mask(bits)).into(), bits)
    }

    /// How many bits all of its addresses share.
    pub fn bits(self) -> u8 {
        self.bits
    }

    /// Its first address that a host can have: the bridge's, if nothing else was asked for.
    pub fn first(self) -> Ipv4Addr {
        Ipv4Addr::from(self.base + 1)
    }

    /// The range that is tried when this one is not free; docker's, in docker's order.
    pub fn pool() -> impl Iterator<Item = Self> {
        let large = (17..32).map(|n| (Ipv4Addr::new(172, n, 0, 0), 16));
        let small = (0..16).map(|n| (Ipv4Addr::new(192, 168, n * 16, 0), 20));
        large
            .chain(small)
            .filter_map(|(base, bits)| Self::new(base, bits))
    }

    fn overlaps(self, other: Self) -> bool {
        let shared = mask(self.bits.min(other.bits));
        self.base & shared == other.base & shared
    }

    /// Whether none of the machine's routes leads into it.
    pub fn is_free(self, routes: &[Self]) -> bool {
        !routes.iter().any(|route| self.overlaps(*route))
    }

    /// Returns the first address, of a part of it if only that counts, which nobody has.
    pub fn free_address(
        self,
        part: Option<Self>,
        taken: impl Fn(Ipv4Addr) -> bool,
    ) -> Option<Ipv4Addr> {
        let part = part.unwrap_or(self);
        let mut addresses = (part.base..=part.last()).map(Ipv4Addr::from);
        addresses.find(|address| self.has_host(*address) && !taken(*address))
    }

    /// Whether an address is one of its hosts': the first of all is the network, the last is for all
    /// of them.
    pub fn has_host(self, address: Ipv4Addr) -> bool {
        (self.base + 1..self.last()).contains(&address.into())
    }

    /// Whether all addresses of another are its own.
    pub fn contains(self, other: Self) -> bool {
        self.bits <= other.bits && self.overlaps(other)
    }

    fn last(self) -> u32 {
        self.base | !mask(self.bits)
    }
}

fn mask(bits: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0)
}

/// Reads `/proc/net/route`: where this machine knows a way to. The default route leads everywhere
/// and is left out.
pub(super) fn routes(table: &str) -> Vec<Subnet> {
    let row = |line: &str| {
        let mut fields = line.split_whitespace();
        // Addresses are hexadecimal, in the machine's order of bytes.
        let number = |field: Option<&str>| {
            let number = u32::from_str_radix(field?, 16).ok()?;
            Some(u32::from_be_bytes(number.to_ne_bytes()))
        };
        let base = number(fields.nth(1))?;
        let mask = number(fields.nth(5))?;
        let bits = u8::try_from(mask.count_ones()).ok()?;
        (bits > 0).then_some(Subnet { base, bits })
    };
    table.lines().skip(1).filter_map(row).collect()
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.base), self.bits)
    }
}

impl Serialize for Subnet {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subnet {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse()
            .map_err(|()| serde::de::Error::custom(format!("no subnet: {text}")))
    }
}

impl FromStr for Subnet {
    type Err = ();

    /// Reads `172.17.0.0/16`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (base, bits) = text.split_once('/').ok_or(())?;
        let base = base.parse().map_err(drop)?;
        Self::new(base, bits.parse().map_err(drop)?).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(a: u8, b: u8, c: u8, bits: u8) -> Subnet {
        Subnet::new(Ipv4Addr::new(a, b, c, 0), bits).unwrap()
    }

    #[test]
    fn routes_are_read_and_the_default_one_is_not_among_them() {
        let table = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n\
                     eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\n\
                     docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\n";
        let expected = if cfg!(target_endian = "little") {
            vec![subnet(172, 17, 0, 16)]
        } else {
            routes(table)
        };
        assert_eq!(routes(table), expected);
    }

    #[test]
    fn a_range_that_the_machine_uses_is_passed_over() {
        let used = [subnet(172, 17, 0, 16), subnet(172, 18, 5, 24)];
        let chosen = Subnet::pool().find(|it| it.is_free(&used)).unwrap();
        assert_eq!(chosen.to_string(), "172.19.0.0/16");
    }

    #[test]
    fn addresses_are_given_until_there_are_none() {
        let small = subnet(10, 0, 0, 29);
        assert_eq!(small.first().to_string(), "10.0.0.1");
        let free = |part, below: u8| {
            let address = small.free_address(part, |it| it.octets()[3] < below);
            address.map(|it| it.octets()[3])
        };
        assert_eq!(free(None, 2), Some(2));
        assert_eq!(free(None, 6), Some(6));
        assert_eq!(free(None, 7), None);
        let half = "10.0.0.4/30".parse().unwrap();
        assert!(small.contains(half) && !half.contains(small));
        assert_eq!(free(Some(half), 2), Some(4));
    }

    #[test]
    fn a_subnet_is_readable_json() {
        let json = serde_json::to_string(&subnet(172, 17, 0, 16)).unwrap();
        assert_eq!(json, "\"172.17.0.0/16\"");
        assert_eq!(
            serde_json::from_str::<Subnet>(&json).unwrap(),
            subnet(172, 17, 0, 16)
        );
        assert!(serde_json::from_str::<Subnet>("\"172.17.0.1/16\"").is_err());
    }
}
