// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// One side of a wrapper connection between two fixed wPorts (IEC 62056-47).
struct WrapperLink: Sendable {
    private let localPort: UInt16
    private let remotePort: UInt16
    private var reassembler = WrapperReassembler()

    init(localPort: UInt16, remotePort: UInt16) {
        self.localPort = localPort
        self.remotePort = remotePort
    }

    /// Whether a part of a frame has come whose rest is on its way.
    var isReceiving: Bool { reassembler.pendingCount > 0 }

    /// An APDU with its header; nothing for an APDU longer than a header can say, which no layer above makes.
    func frame(_ apdu: [UInt8]) -> [UInt8] {
        WrapperFrame(sourcePort: localPort, destinationPort: remotePort, payload: apdu)?.octets ?? []
    }

    /// The APDUs that are complete now, and why the stream cannot be cut into frames after them, if so.
    ///
    /// Frames between other ports or without content are skipped.
    mutating func received(_ octets: [UInt8]) -> (apdus: [[UInt8]], fault: DecodeError?) {
        var apdus: [[UInt8]] = []
        reassembler.push(octets)
        do throws(DecodeError) {
            while let frame = try reassembler.next() {
                guard frame.sourcePort == remotePort, frame.destinationPort == localPort, !frame.payload.isEmpty
                else { continue }
                apdus.append(frame.payload)
            }
            return (apdus, nil)
        } catch {
            return (apdus, error)
        }
    }
}
