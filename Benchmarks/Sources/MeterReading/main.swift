// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Glibc
import Measure
import MeterTransport
import Synchronization

// Reads the profile of a canned meter again and again: MeterReading PORT ROWS READS
// Each line on standard output is the CPU time of one read in seconds: from the request to decoded rows with instants,
// the threads of the event loop included.

/// Rows decoded from blocks as they arrive.
final class RowSink: Sendable {
    private let decoder: Mutex<ProfileRowDecoder>
    private let count = Atomic<Int>(0)

    init(_ layout: ProfileLayout) {
        decoder = Mutex(ProfileRowDecoder(layout: layout, options: ProfileDecodingOptions(capturePeriod: 900)))
    }

    func take(_ octets: [UInt8]) {
        decoder.withLock { decoder in
            // A fault leaves rows out, which the check at the end notices.
            try? decoder.feed(octets)
            count.add(decoder.takeRows().count, ordering: .relaxed)
        }
    }

    var rows: Int { count.load(ordering: .relaxed) }
}

guard CommandLine.arguments.count == 4, let port = Int(CommandLine.arguments[1]),
    let rows = Int(CommandLine.arguments[2]), let reads = Int(CommandLine.arguments[3])
else {
    print("MeterReading PORT ROWS READS")
    exit(2)
}

let energy = OBISCode(1, 0, 1, 8, 0, 255)
let layout = ProfileLayout(
    captureObjects: [
        .clock, CaptureObject(classID: 1, logicalName: OBISCode(0, 0, 96, 10, 1, 255), attributeIndex: 2),
        CaptureObject(classID: 3, logicalName: energy, attributeIndex: 2),
    ],
    scalerUnits: [energy: ScalerUnit(scaler: -2, unitCode: 30)]
)
let buffer = AttributeDescriptor(classID: 7, instanceID: OBISCode(1, 0, 99, 1, 0, 255), attributeID: 2)
let network = MeterNetwork()
let (connection, _) = try await MeterConnection.open(
    to: TCPEndpoint(host: "127.0.0.1", port: port),
    settings: AssociationSettings(link: .wrapper(clientPort: 16, serverPort: 1)),
    connectTimeout: .seconds(5),
    network: network
)
for _ in 0..<reads {
    let sink = RowSink(layout)
    let start = processSeconds()
    _ = try await connection.perform(.get([AttributeRequest(buffer)]), onBlock: { sink.take($0) })
    let seconds = processSeconds() - start
    guard sink.rows == rows else {
        print("read \(sink.rows) rows instead of \(rows)")
        exit(1)
    }
    print(seconds)
    fflush(nil)
}
await connection.release()
await network.shutdown()
