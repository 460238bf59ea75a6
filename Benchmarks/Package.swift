// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors
import PackageDescription

/// A package of its own, so that users of the gateway never resolve or build what only measuring needs.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
]

/// A product of the gateway's package.
func ours(_ name: String) -> Target.Dependency {
    .product(name: name, package: "cosem-gateway")
}

let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "cosem-gateway", path: ".."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .target(name: "Measure", swiftSettings: settings),
        .executableTarget(
            name: "WritingBenchmark",
            dependencies: ["Measure", ours("JSONText")],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "ProfileBenchmark",
            dependencies: ["Measure", ours("JSONText"), ours("DLMSCodec"), ours("COSEMModel")],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "MeterReading",
            dependencies: [
                "Measure", ours("DLMSCodec"), ours("COSEMModel"), ours("DLMSEngine"), ours("MeterTransport"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "MeterSession",
            dependencies: ["Measure", ours("DLMSCodec"), ours("DLMSEngine"), ours("MeterTransport")],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "CipheredSession",
            dependencies: [
                "Measure", ours("DLMSCodec"), ours("DLMSEngine"), ours("DLMSSecurity"), ours("MeterTransport"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "StoreBenchmark",
            dependencies: [
                ours("Jobs"), ours("SQLStore"), ours("SQLiteDriver"), ours("PostgreSQLDriver"), ours("Timekeeping"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "HTTPFloor",
            dependencies: [
                ours("JSONText"), ours("HTTPKit"), ours("MicroHTTPServer"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
    ]
)
