internal import RunbookFormat
import RunbookModel

/// The inventory of a lab: the hosts and groups of the real one, at the lab's addresses.
enum LabInventory {
    static func text(_ inventory: Inventory, record: LabRecord, folder: LabFolder, user: String) -> String {
        var site = inventory
        site.name = "\(inventory.name) (lab)"
        site.labSpeed = record.speed
        site.labShell = folder.localShell
        // What a check asks after before an emergency is no matter of a lab, and may name hosts that it does not have.
        (site.redundancy, site.scenarios, site.packs, site.drillEvery) = ([], nil, nil, nil)
        site.hosts = inventory.hosts.compactMap { host in
            guard let lab = record.host(host.name) else { return nil }
            var host = host
            host.address = lab.address
            host.port = lab.port
            host.user = user
            host.identityFile = folder.clientKey
            host.knownHosts = folder.knownHosts
            host.hostKey = nil
            // Every host of a lab is reached from here.
            host.via = nil
            host.addresses = []
            (host.certificateFile, host.password, host.algorithms) = (nil, nil, SSHAlgorithms())
            host.facts.placedOn.removeAll { record.host($0.name) == nil }
            host.facts.apartFrom.removeAll { record.host($0.name) == nil }
            (host.facts.backup, host.facts.snapshot) = (nil, nil)
            return host
        }
        return InventoryText.write(site)
    }
}
