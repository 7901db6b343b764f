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
                {"type":"impact","lost":["p"],"down":["dc1"],"elsewhere":["dc2"],"ended":[],"single":{"dns":"dc2"},"rto_ms":{},"protection":{}}

                """)
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
