// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The lowest layer of a client: turns APDUs into the octets of a transport and back.
///
/// Layers that need a dialogue of their own (HDLC) report when they are open and what they want sent.
enum ClientLink: Sendable {
    /// IEC 62056-47: nothing to be opened.
    case wrapper(WrapperLink)

    /// What a layer wants done after an event.
    struct Output: Hashable, Sendable {
        /// Octets for the transport.
        var send: [UInt8] = []
        /// Complete APDUs, never empty ones.
        var apdus: [[UInt8]] = []
        /// Whether APDUs may be sent.
        var isOpen = true
        /// Why nothing more can be read from the transport after the APDUs.
        var fault: DecodeError?
    }

    init(_ settings: LinkSettings) {
        switch settings {
        case .wrapper(let clientPort, let serverPort):
            self = .wrapper(WrapperLink(localPort: clientPort, remotePort: serverPort))
        }
    }

    /// The transport is connected.
    mutating func connected() -> Output {
        switch self {
        case .wrapper: Output()
        }
    }

    /// Frames an APDU.
    mutating func frame(_ apdu: [UInt8]) -> Output {
        switch self {
        case .wrapper(let link): Output(send: link.frame(apdu))
        }
    }

    /// Whether a part of a frame has come whose rest is on its way.
    var isReceiving: Bool {
        switch self {
        case .wrapper(let link): link.isReceiving
        }
    }

    /// Takes octets of the transport, in whatever pieces they come.
    mutating func received(_ octets: [UInt8]) -> Output {
        switch self {
        case .wrapper(var link):
            defer { self = .wrapper(link) }
            let (apdus, fault) = link.received(octets)
            return Output(apdus: apdus, fault: fault)
        }
    }
}
