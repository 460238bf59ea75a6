// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Glibc
import Measure
import MeterTransport

// Opens sessions with a canned meter: MeterSession PORT PARALLEL SESSIONS
// Each is: connect, AARQ, seven GETs of one attribute each, release, close. Prints the CPU time of a session in seconds,
// the kernel's share of it, and how long a session took of the whole.

guard CommandLine.arguments.count == 4, let port = Int(CommandLine.arguments[1]),
    let parallel = Int(CommandLine.arguments[2]), let sessions = Int(CommandLine.arguments[3])
else {
    print("MeterSession PORT PARALLEL SESSIONS")
    exit(2)
}

var descriptors = rlimit()
getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors)
descriptors.rlim_cur = descriptors.rlim_max
setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors)

let attributes = (1...7).map { index in
    AttributeRequest(
        AttributeDescriptor(classID: 3, instanceID: OBISCode(1, 0, UInt8(index), 8, 0, 255), attributeID: 2)
    )
}
let expected = attributes.map { _ in GetResult.data(DLMSData.doubleLongUnsigned(1_234_567).octets) }
let endpoint = TCPEndpoint(host: "127.0.0.1", port: port)
let network = MeterNetwork()

func session() async throws {
    var settings = AssociationSettings(link: .wrapper(clientPort: 16, serverPort: 1))
    settings.maximumListLength = 1
    let (connection, _) = try await MeterConnection.open(
        to: endpoint,
        settings: settings,
        connectTimeout: .seconds(30),
        network: network
    )
    let (response, _) = try await connection.perform(.get(attributes))
    guard case .get(expected) = response else {
        print("other values came: \(response)")
        exit(1)
    }
    await connection.release()
}

let clock = ContinuousClock()
let began = clock.now
let start = processTimes()
try await withThrowingTaskGroup(of: Void.self) { group in
    for number in 0..<sessions {
        if number >= parallel { try await group.next() }
        group.addTask(executorPreference: network.executor) { try await session() }
    }
    try await group.waitForAll()
}
let end = processTimes()
let whole = began.duration(to: clock.now) / .seconds(1)
let count = Double(sessions)
print((end.total - start.total) / count, (end.kernel - start.kernel) / count, whole / count)
await network.shutdown()
