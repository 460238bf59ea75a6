// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

extension HTTPResponse {
    /// The whole body, a streamed one run to its end; for tests and for answers that are small.
    ///
    /// - Throws: what the producer of a streamed body throws.
    public func collectedBody() async throws -> [UInt8] {
        switch body {
        case .octets(let octets): return octets
        case .problem(let problem): return problem.octets(instance: "", traceID: "")
        case .stream(let stream):
            let collector = BodyCollector()
            try await stream.produce(collector)
            return collector.octets.withLock { $0 }
        }
    }
}

private final class BodyCollector: HTTPBodyWriter {
    let octets = Mutex<[UInt8]>([])

    func write(_ piece: [UInt8]) async throws(HTTPStreamClosed) {
        octets.withLock { $0 += piece }
    }
}
