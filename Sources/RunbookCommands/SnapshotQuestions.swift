internal import RunbookModel

/// What is asked of a machine for a snapshot of its configuration: commands that read, and whose answer is the same as long
/// as nobody changes anything. No keys, no passwords, no times, no counters.
struct SnapshotQuestion: Hashable, Sendable {
    /// Of the file that the answer goes into.
    let name: String
    let command: String

    static func all(_ platforms: [SnapshotRule.Platform]) -> [SnapshotQuestion] {
        platforms.flatMap { platform in
            questions(platform).map { SnapshotQuestion(name: "\(platform.rawValue)-\($0.0)", command: $0.1) }
        }
    }

    /// The files that are there, each with its name above it.
    private static func files(_ patterns: String) -> String {
        "found=; for f in \(patterns); do [ -f \"$f\" ] || continue; found=1; echo \"# $f\"; cat \"$f\"; done; [ -n \"$found\" ]"
    }

    private static func questions(_ platform: SnapshotRule.Platform) -> [(String, String)] {
        switch platform {
        case .linux:
            [
                ("system", "cat /etc/os-release; uname -srm"),
                ("addresses", "ip -o addr show scope global | awk '{print $2, $3, $4}'"),
                ("routes", "ip route show"), ("names", files("/etc/resolv.conf /etc/hosts /etc/hostname")),
                ("disks", "lsblk -rno NAME,TYPE,SIZE,FSTYPE,UUID"), ("mounts", "cat /etc/fstab"),
                (
                    "network",
                    files(
                        "/etc/network/interfaces /etc/network/interfaces.d/* /etc/netplan/*.yaml /etc/sysconfig/network-scripts/ifcfg-*"
                    )
                ),
                ("time", files("/etc/chrony/chrony.conf /etc/chrony.conf /etc/ntp.conf /etc/systemd/timesyncd.conf")),
                ("ssh-server", "cat /etc/ssh/sshd_config"),
                (
                    "services",
                    "systemctl list-unit-files --state=enabled --no-legend --no-pager | awk '{print $1}' | sort"
                ),
                (
                    "packages",
                    "if command -v dpkg-query >/dev/null; then dpkg-query -W -f '${Package} ${Version}\\n'; else rpm -qa; fi | sort"
                ),
            ]
        case .proxmox:
            [
                ("version", "pveversion -v"), ("storage", "cat /etc/pve/storage.cfg"),
                ("cluster", files("/etc/pve/corosync.conf /etc/pve/datacenter.cfg")),
                ("guests", files("/etc/pve/nodes/*/qemu-server/*.conf /etc/pve/nodes/*/lxc/*.conf")),
                ("availability", files("/etc/pve/ha/*.cfg")),
            ]
        case .ceph:
            [
                ("configuration", "cat /etc/ceph/ceph.conf"),
                ("monitors", "ceph --connect-timeout 10 mon dump 2>/dev/null | grep -E '^[0-9]+:|^fsid'"),
                ("crush", "ceph --connect-timeout 10 osd crush tree"),
                (
                    "pools",
                    "ceph --connect-timeout 10 osd pool ls detail | awk '{print $1, $2, $3, $4, $5, $6, $7, $8}'"
                ),
                ("settings", "ceph --connect-timeout 10 config dump"),
            ]
        case .zfs:
            [
                ("pools", "zpool get -Hp -o name,property,value guid,ashift,autoexpand,autoreplace,failmode"),
                ("devices", "zpool list -HvLP -o name"),
                ("datasets", "zfs list -H -t filesystem,volume -o name,mountpoint"),
                ("properties", "zfs get -Hp -s local,received -o name,property,value all"),
            ]
        case .libvirt:
            [
                ("version", "virsh version"),
                (
                    "guests",
                    "virsh list --all --name | sort | while read -r d; do [ -z \"$d\" ] || virsh dumpxml --inactive \"$d\" </dev/null; done"
                ),
                (
                    "networks",
                    "virsh net-list --all --name | sort | while read -r d; do [ -z \"$d\" ] || virsh net-dumpxml --inactive \"$d\" </dev/null; done"
                ),
                (
                    "pools",
                    "virsh pool-list --all --name | sort | while read -r d; do [ -z \"$d\" ] || virsh pool-dumpxml --inactive \"$d\" </dev/null | grep -vE '<(allocation|available)'; done"
                ),
            ]
        case .esxi:
            [
                ("version", "vmware -vl"), ("interfaces", "esxcli network ip interface ipv4 get"),
                ("switches", "esxcli network vswitch standard portgroup list"),
                ("routes", "esxcli network ip route ipv4 list"), ("names", "esxcli network ip dns server list"),
                ("datastores", "esxcli storage vmfs extent list; esxcli storage nfs list"),
                ("guests", "vim-cmd vmsvc/getallvms"), ("settings", "esxcli system settings advanced list -d"),
            ]
        case .xcpNG:
            [
                ("hosts", "xe host-list params=uuid,name-label,address"),
                (
                    "storage",
                    "xe sr-list params=uuid,name-label,type,shared; xe pbd-list params=host-uuid,sr-uuid,device-config"
                ),
                (
                    "networks",
                    "xe network-list params=uuid,name-label,bridge; xe pif-list params=device,VLAN,IP,netmask,gateway,host-name-label"
                ),
                ("guests", "xe vm-list is-control-domain=false params=uuid,name-label,memory-static-max,VCPUs-max"),
            ]
        case .ovirt:
            [
                ("version", "rpm -qa 'vdsm*' 'ovirt*' | sort"),
                ("engine", files("/etc/ovirt-hosted-engine/hosted-engine.conf")),
                ("agent", files("/etc/vdsm/vdsm.conf")),
            ]
        }
    }
}

/// Takes out what a configuration should not have in it, and sometimes has.
enum SnapshotMask {
    private static let words = [
        "password", "passwd", "passphrase", "secret", "token", "psk", "community", "apikey", "api_key", "private_key",
    ]

    /// Values that are no secrets.
    private static let harmless: Set<String> = ["", "yes", "no", "true", "false", "on", "off", "none"]

    /// The value behind such a word is left out; the rest stays, byte for byte.
    static func masked(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { masked(line: String($0)) }
            .joined(separator: "\n")
    }

    private static func masked(line: String) -> String {
        let lower = line.lowercased()
        guard let word = words.compactMap({ lower.firstRange(of: $0)?.upperBound }).min(),
            let sign = lower[word...].firstIndex(where: { "=:> \t".contains($0) })
        else { return line }
        // A sign may have blanks around it.
        let value = lower[sign...].drop { "=:> \t".contains($0) }
        guard !harmless.contains(value.trimmed) else { return line }
        let kept =
            lower[..<sign].count + lower[sign...].prefix { "=:>\t ".contains($0) }.reversed().drop { $0 == " " }.count
        return String(line.prefix(kept)) + "(left out)"
    }
}

extension Substring {
    /// Without quotes and blanks around it.
    fileprivate var trimmed: String {
        let marks = "\"' \t;,"
        return String(drop { marks.contains($0) }.reversed().drop { marks.contains($0) }.reversed())
    }
}
