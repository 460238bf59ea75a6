// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target of our own: warnings are errors, imports say what they expose.
let ours: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
]

/// A target of our own with explicit dependencies; `resources` are embedded or copied as given.
func part(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: ours)
}

/// The tests of one target.
func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: ours)
}

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")

let package = Package(
    name: "cosem-gateway",
    products: [
        .executable(name: "cosem-gateway", targets: ["cosem-gateway"]),
        .library(name: "DLMSCodec", targets: ["DLMSCodec"]),
        .library(name: "COSEMModel", targets: ["COSEMModel"]),
        .library(name: "DLMSSecurity", targets: ["DLMSSecurity"]),
        .library(name: "DLMSEngine", targets: ["DLMSEngine"]),
        .library(name: "MeterTransport", targets: ["MeterTransport"]),
        .library(name: "JSONText", targets: ["JSONText"]),
        .library(name: "Timekeeping", targets: ["Timekeeping"]),
        .library(name: "Jobs", targets: ["Jobs"]),
        .library(name: "SQLStore", targets: ["SQLStore"]),
        .library(name: "SQLiteDriver", targets: ["SQLiteDriver"]),
        .library(name: "PostgreSQLDriver", targets: ["PostgreSQLDriver"]),
        .library(name: "HTTPKit", targets: ["HTTPKit"]),
        .library(name: "MicroHTTPServer", targets: ["MicroHTTPServer"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration",
            from: "1.4.0",
            traits: ["YAML"]
        ),
        .package(url: "https://github.com/jpsim/Yams", "5.4.0"..<"7.0.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        // Only the tests start processes.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    // A target imports only targets above it; docs/architecture.md has the picture.
    targets: [
        .systemLibrary(
            name: "CMicroHTTPD",
            pkgConfig: "libmicrohttpd",
            providers: [.apt(["libmicrohttpd-dev"])]
        ),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CMosquitto",
            pkgConfig: "libmosquitto",
            providers: [.apt(["libmosquitto-dev"])]
        ),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(
            name: "CMicroHTTPDShim",
            dependencies: ["CMicroHTTPD"],
            // What the library itself speaks TLS with.
            linkerSettings: [.linkedLibrary("gnutls")]
        ),
        .target(name: "CContract", exclude: ["openapi.yaml"]),
        .target(name: "CConsole", exclude: ["files"]),

        part("Files", []),
        part("Timekeeping", ["Files"]),
        part("Recurrence", ["Timekeeping"]),
        part("JSONText", []),
        part("DLMSCodec", ["Timekeeping"]),
        part("COSEMModel", ["DLMSCodec", "JSONText", "Timekeeping"], resources: [.embedInCode("Tables")]),
        part("DLMSSecurity", ["DLMSCodec", "COpenSSL"]),
        part("ProtocolDecoder", ["DLMSCodec", "DLMSSecurity", "JSONText"]),
        part("DLMSEngine", ["DLMSCodec", "DLMSSecurity"]),
        part("TLSChannels", ["DLMSSecurity", nioCore]),
        part(
            "MeterTransport",
            ["DLMSEngine", "DLMSSecurity", "DLMSCodec", "TLSChannels", nioCore, nioPosix, logging]
        ),
        part("MeterSessions", ["MeterTransport", "DLMSEngine", "DLMSCodec", "DLMSSecurity", logging]),
        part(
            "MeterSimulator",
            [
                "DLMSEngine", "DLMSCodec", "COSEMModel", "DLMSSecurity", "JSONText", "MeterTransport", "Timekeeping",
                logging,
            ]
        ),

        part("Jobs", ["Timekeeping", logging, lifecycle]),
        part(
            "Fleet",
            ["COSEMModel", "DLMSCodec", "DLMSSecurity", "JSONText", "Jobs", "Recurrence", "Timekeeping"],
            resources: [.embedInCode("Tables")]
        ),
        part(
            "SQLStore",
            ["Fleet", "Jobs", "Timekeeping", "COSEMModel", "DLMSCodec", "DLMSSecurity", "JSONText"],
            resources: [.embedInCode("Migrations")]
        ),
        part("SQLiteDriver", ["SQLStore", grdb, grdbSQLite]),
        part("PostgreSQLDriver", ["SQLStore", "CLibPQ"]),

        part("SettingsKit", ["Files", "JSONText", yams]),
        part("Traces", []),
        part("HTTPKit", ["JSONText", "Traces", logging]),
        part("HTTPCompression", ["HTTPKit", "CZlib"]),
        part("HTTPForwarding", ["DLMSSecurity", "HTTPKit", "TLSChannels", nioCore, nioPosix, nioHTTP1]),
        part("MQTTPublishing", ["CMosquitto", "DLMSSecurity"]),
        part("HTTPOutbound", ["DLMSSecurity", "TLSChannels", nioCore, nioPosix, nioHTTP1]),
        part("MicroHTTPServer", ["HTTPKit", "CMicroHTTPD", "CMicroHTTPDShim", logging, lifecycle]),
        part(
            "GatewayCore",
            [
                "Fleet", "Jobs", "MeterSessions", "MeterTransport", "DLMSEngine", "DLMSSecurity", "COSEMModel",
                "DLMSCodec", "JSONText", "Recurrence", "Timekeeping", "Traces", logging, lifecycle,
            ]
        ),
        part(
            "GatewayAPI",
            [
                "CConsole", "CContract", "GatewayCore", "Fleet", "Jobs", "MeterSessions", "COSEMModel", "DLMSCodec",
                "DLMSSecurity", "Files", "HTTPKit", "JSONText", "ProtocolDecoder", "Timekeeping", logging, yams,
            ]
        ),
        .executableTarget(
            name: "cosem-gateway",
            dependencies: [
                "GatewayAPI", "GatewayCore", "Fleet", "Jobs", "SQLStore", "SQLiteDriver", "PostgreSQLDriver", "HTTPKit",
                "HTTPCompression", "HTTPForwarding", "HTTPOutbound", "MQTTPublishing", "MicroHTTPServer",
                "MeterSessions",
                "MeterTransport", "MeterSimulator", "ProtocolDecoder", "DLMSSecurity", "DLMSCodec", "JSONText",
                "SettingsKit", "Timekeeping", "Files", argumentParser, configuration, logging, lifecycle, unixSignals,
            ],
            swiftSettings: ours
        ),

        // What peer tests have talk to foreign meters; no product of its own.
        .executableTarget(
            name: "meter-probe",
            dependencies: ["MeterTransport", "DLMSEngine", "DLMSCodec", "DLMSSecurity", argumentParser],
            path: "Tests/Peers/Probe",
            swiftSettings: ours
        ),

        tests("DLMSCodecTests", ["DLMSCodec"], resources: [.copy("Vectors")]),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["COSEMModel", "DLMSEngine", "DLMSCodec", "DLMSSecurity", "Timekeeping"],
            exclude: ["LibFuzzer"],
            resources: [.copy("Corpus")],
            swiftSettings: ours
        ),
        tests("ProtocolDecoderTests", ["ProtocolDecoder", "DLMSCodec", "DLMSSecurity", "JSONText"]),
        tests("DLMSEngineTests", ["DLMSEngine", "DLMSCodec", "DLMSSecurity"]),
        tests(
            "MeterTransportTests",
            ["MeterTransport", "DLMSEngine", "DLMSCodec", "DLMSSecurity", nioCore, logging, subprocess]
        ),
        tests("MeterSessionsTests", ["MeterSessions", "MeterTransport", "DLMSEngine", "DLMSCodec", "DLMSSecurity"]),
        tests("DLMSSecurityTests", ["DLMSSecurity", "DLMSCodec"], resources: [.copy("Vectors")]),
        tests(
            "MeterSimulatorTests",
            [
                "MeterSimulator", "MeterTransport", "DLMSEngine", "DLMSSecurity", "DLMSCodec", "COSEMModel", "JSONText",
                "Timekeeping",
            ]
        ),
        tests("COSEMModelTests", ["COSEMModel", "DLMSCodec", "JSONText", "Timekeeping"]),
        tests("FilesTests", ["Files"]),
        tests("TimekeepingTests", ["Timekeeping"]),
        tests("RecurrenceTests", ["Recurrence", "Timekeeping"]),
        tests("JobsTests", ["Jobs", "SQLStore", "SQLiteDriver", "Timekeeping", logging, lifecycle]),
        tests("FleetTests", ["Fleet", "DLMSCodec", "DLMSSecurity", "JSONText", "Timekeeping"]),
        tests(
            "StoreTests",
            [
                "SQLStore", "SQLiteDriver", "PostgreSQLDriver", "Fleet", "Jobs", "COSEMModel",
                "DLMSCodec", "DLMSSecurity", "JSONText", "Timekeeping", subprocess,
            ]
        ),
        tests("JSONTextTests", ["JSONText"]),
        tests("SettingsKitTests", ["SettingsKit", "JSONText"]),
        tests("HTTPKitTests", ["HTTPKit", "JSONText", "Traces", logging]),
        tests("HTTPCompressionTests", ["HTTPCompression", "HTTPKit", "CZlib"]),
        tests(
            "GatewayCoreTests",
            [
                "GatewayCore", "Fleet", "Jobs", "SQLStore", "SQLiteDriver", "MeterSessions", "MeterTransport",
                "DLMSEngine", "DLMSSecurity", "COSEMModel", "DLMSCodec", "JSONText", "Timekeeping", logging,
            ]
        ),
        tests(
            "GatewayAPITests",
            [
                "GatewayAPI", "GatewayCore", "Fleet", "Jobs", "SQLStore", "SQLiteDriver", "HTTPKit", "JSONText",
                "MeterSessions", "MeterTransport", "MeterSimulator", "DLMSEngine", "DLMSCodec", "DLMSSecurity",
                "COSEMModel", "Timekeeping", logging,
            ]
        ),
        tests("MicroHTTPServerTests", ["MicroHTTPServer", "HTTPKit", "JSONText", "DLMSSecurity", logging, lifecycle]),
        tests("HTTPOutboundTests", ["HTTPOutbound", "DLMSSecurity"]),
        tests("HTTPForwardingTests", ["HTTPForwarding", "MicroHTTPServer", "HTTPKit", "JSONText", logging, lifecycle]),
    ],
    // C23 for #embed.
    cLanguageStandard: .c2x
)
