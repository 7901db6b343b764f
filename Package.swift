// swift-tools-version: 6.2
import PackageDescription

let houseSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
/// RSA and scrypt.
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")

/// The layers, lowest first. A target may import only what stands in a lower layer.
let package = Package(
    name: "blackstart",
    products: [.executable(name: "blackstart", targets: ["blackstart"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // L0
        .target(name: "RunbookModel", swiftSettings: houseSettings),
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        .target(name: "RunbookPattern", dependencies: ["CRE2"], swiftSettings: houseSettings),
        // L1
        .target(
            name: "RunbookFormat",
            dependencies: ["RunbookModel", "RunbookPattern", .product(name: "Yams", package: "Yams")],
            swiftSettings: houseSettings),
        .target(name: "RunbookPlan", dependencies: ["RunbookModel", crypto], swiftSettings: houseSettings),
        .target(
            name: "RunbookJournal", dependencies: ["RunbookModel", crypto, cryptoExtras], swiftSettings: houseSettings),
        .target(name: "RunbookTransport", dependencies: ["RunbookModel"], swiftSettings: houseSettings),
        .target(
            name: "RunbookPack", dependencies: ["RunbookModel", crypto, cryptoExtras], swiftSettings: houseSettings),
        // L2
        .target(
            name: "RunbookEngine",
            dependencies: [
                "RunbookModel", "RunbookPattern", "RunbookPlan", "RunbookJournal", "RunbookTransport", crypto,
            ],
            swiftSettings: houseSettings),
        .systemLibrary(name: "CLibssh", pkgConfig: "libssh", providers: [.apt(["libssh-dev"])]),
        .target(
            name: "RunbookSSH", dependencies: ["CLibssh", "RunbookModel", "RunbookTransport", crypto],
            swiftSettings: houseSettings),
        .target(
            name: "RunbookSimulation", dependencies: ["RunbookModel", "RunbookTransport"], swiftSettings: houseSettings),
        .target(
            name: "RunbookLab", dependencies: ["RunbookModel", "RunbookFormat", "RunbookSimulation"],
            swiftSettings: houseSettings),
        .target(
            name: "RunbookPreparedness", dependencies: ["RunbookModel", "RunbookPattern", "RunbookPlan"],
            swiftSettings: houseSettings),
        // L4
        .target(
            name: "RunbookCommands",
            dependencies: [
                "RunbookModel", "RunbookFormat", "RunbookPlan", "RunbookJournal", "RunbookTransport", "RunbookEngine",
                "RunbookSSH", "RunbookSimulation", "RunbookPreparedness", "RunbookLab", "RunbookPack",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: houseSettings),
        .executableTarget(name: "blackstart", dependencies: ["RunbookCommands"], swiftSettings: houseSettings),
        // For scripts/bench only.
        .executableTarget(
            name: "fan", dependencies: ["RunbookModel", "RunbookTransport", "RunbookSSH"], path: "scripts/bench/fan",
            swiftSettings: houseSettings),
        .executableTarget(
            name: "ledger", dependencies: ["RunbookJournal", crypto], path: "scripts/bench/ledger",
            swiftSettings: houseSettings),
        .executableTarget(
            name: "coldstart", dependencies: ["RunbookModel", "RunbookPreparedness"], path: "scripts/bench/coldstart",
            swiftSettings: houseSettings),

        // For scripts/prove only.
        .executableTarget(
            name: "tamper", dependencies: ["RunbookJournal"], path: "Tests/Proofs/tamper", swiftSettings: houseSettings),
        .executableTarget(
            name: "values", dependencies: ["RunbookModel", "RunbookFormat"], path: "Tests/Proofs/values",
            swiftSettings: houseSettings),

        // What several test targets use.
        .target(name: "TestTools", path: "Tests/TestTools", swiftSettings: houseSettings),
        .testTarget(name: "HouseTests", swiftSettings: houseSettings),
        .testTarget(name: "RunbookPatternTests", dependencies: ["RunbookPattern"], swiftSettings: houseSettings),
        .testTarget(
            name: "RunbookModelTests", dependencies: ["RunbookModel", "TestTools"], swiftSettings: houseSettings),
        .testTarget(
            name: "RunbookFormatTests", dependencies: ["RunbookModel", "RunbookFormat"], exclude: ["Corpus"],
            swiftSettings: houseSettings),
        .testTarget(
            name: "RunbookPlanTests", dependencies: ["RunbookModel", "RunbookPlan"], swiftSettings: houseSettings),
        .testTarget(
            name: "RunbookJournalTests", dependencies: ["RunbookModel", "RunbookJournal", "TestTools", crypto],
            exclude: ["token.c"],
            swiftSettings: houseSettings),
        .testTarget(
            name: "RunbookPackTests", dependencies: ["RunbookPack", "TestTools", crypto], swiftSettings: houseSettings),
        .testTarget(
            name: "RunbookTransportTests", dependencies: ["RunbookModel", "RunbookTransport", "TestTools"],
            swiftSettings: houseSettings),
        .testTarget(
            name: "RunbookSSHTests", dependencies: ["RunbookModel", "RunbookTransport", "RunbookSSH", "TestTools"],
            exclude: ["password-server.py", "hostile-server.py"], swiftSettings: houseSettings),
        .testTarget(
            name: "RunbookEngineTests",
            dependencies: [
                "RunbookModel", "RunbookPlan", "RunbookJournal", "RunbookTransport", "RunbookEngine",
                "RunbookSimulation", "TestTools", crypto,
            ],
            swiftSettings: houseSettings),
        .testTarget(
            name: "RunbookSimulationTests", dependencies: ["RunbookModel", "RunbookTransport", "RunbookSimulation"],
            swiftSettings: houseSettings),
        .testTarget(
            name: "RunbookPreparednessTests",
            dependencies: ["RunbookModel", "RunbookFormat", "RunbookPlan", "RunbookPreparedness"],
            swiftSettings: houseSettings),
        .testTarget(
            name: "BlackstartTests", dependencies: ["RunbookCommands", "RunbookFormat", "TestTools", "blackstart"],
            exclude: ["Ansible", "Screens"],
            swiftSettings: houseSettings),
        .testTarget(
            name: "RunbookLabTests",
            dependencies: ["RunbookLab", "RunbookModel", "RunbookSimulation", "TestTools", "blackstart"],
            swiftSettings: houseSettings),
    ]
)
