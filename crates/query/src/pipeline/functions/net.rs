//! Addresses and subnets.

use super::Function;
use std::net::IpAddr;

fn fits(function: Function, ip: IpAddr) -> bool {
    match function {
        Function::IsIpV4 | Function::InSubnetV4 => ip.is_ipv4(),
        Function::IsIpV6 | Function::InSubnetV6 => ip.is_ipv6(),
        _ => true,
    }
}

/// Whether the text is an address of the kind the function is about.
pub(super) fn is_ip(function: Function, text: &str) -> bool {
    text.parse().is_ok_and(|ip| fits(function, ip))
}

/// Whether the address lies in the subnet, written `address/bits`.
pub(super) fn in_subnet(function: Function, ip: &str, subnet: &str) -> bool {
    let Some((net, bits)) = subnet.split_once('/') else {
        return false;
    };
    let (Ok(ip), Ok(net), Ok(bits)) = (ip.parse::<IpAddr>(), net.parse(), bits.parse::<u32>())
    else {
        return false;
    };
    if !fits(function, ip) {
        return false;
    }
    match (ip, net) {
        (IpAddr::V4(ip), IpAddr::V4(net)) if bits <= 32 => {
            let differ = u64::from(ip.to_bits() ^ net.to_bits());
            differ >> (32 - bits) == 0
        }
        (IpAddr::V6(ip), IpAddr::V6(net)) if bits <= 128 => {
            let differ = ip.to_bits() ^ net.to_bits();
            differ.checked_shr(128 - bits).is_none_or(|d| d == 0)
        }
        _ => false,
    }
}
