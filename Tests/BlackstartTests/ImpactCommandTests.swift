import Foundation
import TestTools
import Testing

@Suite("What a failure takes down")
struct ImpactCommandTests {
    private static let files = [
        "i.yaml": """
        version: 1
        name: Site
        services: { dns: {}, san: {}, erp: { requires: [dns] } }
        hosts:
          san1: { kind: appliance, address: 10.0.0.1, provides: [san] }
          p: { kind: physical, address: 10.0.0.2, requires: [san] }
          q: { kind: physical, address: 10.0.0.3, requires: [san] }
          dc1: { kind: vm, address: 10.0.0.4, placed_on: [p], provides: [dns] }
          dc2: { kind: vm, address: 10.0.0.5, placed_on: [p, q], provides: [dns] }
          erp1: { kind: vm, address: 10.0.0.6, placed_on: [q], provides: [erp], requires: [dns], rto: 4h, protection: { availability: high } }

        """
    ]

    @Test("the loss of each machine by itself, the worst first")
    func table() throws {
        let said = try Program(Self.files)("impact -i i.yaml")
        #expect(said.status == 0)
        #expect(
            said.stdout == """
                Lost  Down  Services ended
                san1     5  dns, san, erp; back within 4 hours
                q        1  erp; back within 4 hours
                p        1  none; on one machine: dns
                erp1     0  erp; back within 4 hours
                dc1      0  none; on one machine: dns
                dc2      0  none; on one machine: dns

                """)
    }

    @Test("one loss in full, for a person and for a program")
    func one() throws {
        let program = try Program(Self.files)
        #expect(
            try program("impact -i i.yaml --lose p --lose dc2").stdout == """
                Without p, dc2
                  Down          dc1, erp1
                  Elsewhere     no machine has to start in another place
                  Ended         dns, erp
                  One left      no service hangs on one machine because of this
                  Objectives    erp1 back within 4 hours
                  Protection    availability high

                """)
        #expect(
            try program("impact -i i.yaml --lose p --output json").stdout == """
                {"type":"impact","domains":[],"lost":["p"],"down":["dc1"],"elsewhere":["dc2"],"ended":[],"single":{"dns":"dc2"},"rto_ms":{},"groups":[],"protection":{}}

                """)
    }

    @Test("the loss of a domain, with what is left of redundancy; together, many needs weigh more")
    func domain() throws {
        let site = """
            version: 1
            name: Site
            services: { dns: {} }
            cumulation: 2
            domains: { hall: { kind: fire-zone }, rack-1: { kind: rack, part_of: hall }, rack-2: { kind: rack, part_of: hall } }
            hosts:
              p: { kind: physical, address: 10.0.0.2, domain: rack-1, protection: { availability: high } }
              q: { kind: physical, address: 10.0.0.3, domain: rack-2 }
              dc1: { kind: vm, address: 10.0.0.4, placed_on: [p], provides: [dns], protection: { availability: high } }
              dc2: { kind: vm, address: 10.0.0.5, placed_on: [p, q], provides: [dns] }
              m1: { kind: vm, address: 10.0.0.6, placed_on: [p] }
              m2: { kind: vm, address: 10.0.0.7, placed_on: [p] }
              m3: { kind: vm, address: 10.0.0.8, placed_on: [q] }
            redundancy: { names: { members: [dc1, dc2] }, ceph: { members: [m1, m2, m3], votes: {} } }

            """
        let program = try Program(["i.yaml": site])
        #expect(
            try program("impact -i i.yaml --lose rack-1").stdout == """
                Without rack-1
                  Lost          p
                  Down          dc1, m1, m2
                  Elsewhere     dc2
                  Ended         no service
                  One left      dns on dc2
                  Redundancy    names has 1 of 2, enough, ceph has 1 of 3 votes, not enough
                  Objectives    none is said
                  Protection    availability very-high

                """)
        #expect(
            try program("impact -i i.yaml").stdout.hasPrefix(
                """
                Lost    Down  Services ended
                hall       7  dns; names fails; ceph fails
                rack-1     4  none; on one machine: dns; ceph fails
                p          3  none; on one machine: dns; ceph fails

                """))
        let json = try program("impact -i i.yaml --lose rack-1 --output json").stdout
        #expect(json.hasPrefix(#"{"type":"impact","domains":["rack-1"],"lost":["p"],"down":["dc1","m1","m2"]"#))
        #expect(json.contains(#"{"left":1,"name":"ceph","total":3,"votes":true,"works":false}"#))
        let slip = try program("impact -i i.yaml --lose rack-3")
        #expect(slip.status == 64 && slip.stderr.contains("the inventory has no host or domain `rack-3`"))
    }

    @Test("a host that is none is a slip of the keyboard, and said so")
    func unknown() throws {
        let said = try Program(Self.files)("impact -i i.yaml --lose dc3")
        #expect(said.status == 64)
        #expect(
            said.stderr.hasPrefix(
                "blackstart: error: the inventory has no host `dc3`\nblackstart: hint: did you mean `dc1`?"))
    }
}
