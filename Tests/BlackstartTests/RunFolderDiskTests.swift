import Foundation
import RunbookCommands
import TestTools
import Testing

@Suite("The disk of the runs")
struct RunFolderDiskTests {
    /// As proc(5) has them, with a mount over a mount, and a folder with a space.
    private static let table = """
        22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
        30 22 0:26 / /proc rw - proc proc rw
        40 22 0:50 / /srv rw shared:9 master:2 - nfs4 san:/srv rw,vers=4.2
        41 40 254:2 / /srv/local rw - xfs /dev/vdb rw
        42 22 0:51 / /home/ada\\040b rw - cifs //files/ada rw
        43 22 254:3 / /data rw - ext4 /dev/mapper/a rw
        44 22 0:52 / /data rw - fuse.sshfs ada@box: rw
        broken line

        """

    @Test(
        "a path lies on the nearest mount above it, and of two in one place on the later",
        arguments: [
            ("/", "ext4"), ("/srv", "nfs4"), ("/srv/runs/x", "nfs4"), ("/srv/local", "xfs"), ("/srv/local/runs", "xfs"),
            ("/srv/localx", "nfs4"), ("/srvx", "ext4"), ("/home/ada b/runs", "cifs"), ("/home/ada", "ext4"),
            ("/data/runs", "fuse.sshfs"),
        ])
    func mount(_ path: String, _ type: String) { #expect(RunFolderDisk.mount(of: path, Self.table)?.type == type) }

    @Test("network file systems are told by their types; a disk, and memory, are none")
    func types() {
        func medium(_ type: String) -> String? {
            RunFolderDisk.medium(RunFolderDisk.Mount(device: "0:1", type: type), blocks: "/none")
        }
        #expect(
            medium("nfs4") == "a network file system (nfs4)" && medium("fuse.sshfs") != nil && medium("ceph") != nil)
        for type in ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuse.gocryptfs", "nfsd", "9p"] {
            #expect(medium(type) == nil, "\(type)")
        }
    }

    @Test("a disk over iSCSI or Fibre Channel is told through partitions, mappings and several ways")
    func buses() throws {
        let scratch = try Scratch()
        let made = try shell(
            """
            set -e
            mkdir -p block pci/host3/session1/target3:0:0/block/sdb/sdb1 pci/host4/rport-4:0-1/block/sdc pci/ata1/block/sda/sda1
            mkdir -p virtual/dm-0/slaves virtual/dm-1/slaves/dm-0 virtual/dm-2/slaves/sda1 virtual/dm-3/slaves/dm-3 virtual/dm-0/slaves/sdb
            mkdir -p pci/host5/sessions/block/sdd
            echo 8:16 >virtual/dm-0/slaves/sdb/dev; echo 253:0 >virtual/dm-1/slaves/dm-0/dev
            echo 8:1 >virtual/dm-2/slaves/sda1/dev; echo 253:3 >virtual/dm-3/slaves/dm-3/dev
            cd block
            ln -s ../pci/host3/session1/target3:0:0/block/sdb 8:16; ln -s ../pci/host3/session1/target3:0:0/block/sdb/sdb1 8:17
            ln -s ../pci/host4/rport-4:0-1/block/sdc 8:32; ln -s ../pci/ata1/block/sda/sda1 8:1; ln -s ../pci/host5/sessions/block/sdd 8:48
            for n in 0 1 2 3; do ln -s ../virtual/dm-$n 253:$n; done
            """, in: scratch.path)
        try #require(made.status == 0, "\(made.output)")
        func medium(_ device: String) -> String? {
            RunFolderDisk.medium(RunFolderDisk.Mount(device: device, type: "ext4"), blocks: "\(scratch.path)/block")
        }
        for device in ["8:16", "8:17", "253:0", "253:1"] {
            #expect(medium(device) == "a disk that comes over iSCSI", "\(device)")
        }
        #expect(medium("8:32") == "a disk that comes over Fibre Channel")
        // A disk of this machine, one that is mapped, one that is mapped onto itself, and one that nobody knows.
        for device in ["8:1", "253:2", "253:3", "8:48", "9:9", "../x"] { #expect(medium(device) == nil, "\(device)") }
    }
}
