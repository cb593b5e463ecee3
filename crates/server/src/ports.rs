//! Who has a port: so that the line about a taken one names who is asked to move.

use std::net::SocketAddr;

/// The program listening on `address`, as `name (pid n)`; `None` where the system does not tell
/// (another user's process, not Linux).
pub(crate) fn holder(address: SocketAddr) -> Option<String> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
        .into_iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .find_map(|table| listening_inode(&table, address.port()))?;
    let wanted = format!("socket:[{inode}]");
    for process in std::fs::read_dir("/proc").ok()?.flatten() {
        let Ok(pid) = process.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        let Ok(files) = std::fs::read_dir(process.path().join("fd")) else {
            continue;
        };
        let has = files
            .flatten()
            .filter_map(|f| std::fs::read_link(f.path()).ok())
            .any(|target| target.as_os_str() == wanted.as_str());
        if has {
            let name = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(format!("{} (pid {pid})", name.trim()));
        }
    }
    None
}

/// Datagrams the system dropped because the receive buffer of the socket at `port` was full, since it was
/// bound; `None` where it does not tell.
pub(crate) fn udp_drops(port: u16) -> Option<u64> {
    let tables = ["/proc/net/udp", "/proc/net/udp6"]
        .into_iter()
        .filter_map(|path| std::fs::read_to_string(path).ok());
    let found: Vec<u64> = tables.flat_map(|table| drops(&table, port)).collect();
    (!found.is_empty()).then(|| found.iter().sum())
}

/// The last column of each socket at `port`, from a table of `/proc/net/udp*`.
fn drops(table: &str, port: u16) -> Vec<u64> {
    let suffix = format!(":{port:04X}");
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let is_here = columns.get(1)?.ends_with(&suffix);
            is_here.then(|| columns.last()?.parse().ok()).flatten()
        })
        .collect()
}

/// The inode of the socket that listens on `port` (state 0A), from a table of `/proc/net/tcp*`.
fn listening_inode(table: &str, port: u16) -> Option<u64> {
    let suffix = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let listens = columns.get(1)?.ends_with(&suffix) && *columns.get(3)? == "0A";
        listens.then(|| columns.get(9)?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table as Linux 6 writes it.
    #[test]
    fn the_last_column_is_what_was_dropped() {
        let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
            1234: 0100007F:07D0 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 12345 2 0000000000000000 17\n\
            1235: 0100007F:07D1 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 12346 2 0000000000000000 3\n";
        assert_eq!(drops(table, 2000), [17]);
        assert_eq!(drops(table, 2002), Vec::<u64>::new());
    }

    #[test]
    fn a_listener_of_this_process_is_found() {
        if !std::path::Path::new("/proc/net/tcp").exists() {
            return;
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let holder = holder(listener.local_addr().unwrap()).unwrap();
        assert!(
            holder.contains(&format!("(pid {})", std::process::id())),
            "{holder}"
        );
    }
}
