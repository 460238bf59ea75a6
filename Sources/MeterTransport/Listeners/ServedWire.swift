// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc
import NIOCore

/// What a meter is connected to its client by; used on its event loop only.
protocol ServedWire {
    /// The speed that the client has set on a line that has one.
    var baud: UInt32? { get }
    /// Sends octets.
    func write(_ octets: [UInt8])
    /// Ends the connection; false when the line has none, so that the meter begins anew on it.
    func close(resets: Bool) -> Bool
}

/// A connection with a channel of its own.
struct StreamWire: ServedWire {
    let channel: any Channel
    var baud: UInt32? { nil }

    func write(_ octets: [UInt8]) {
        channel.writeAndFlush(channel.allocator.buffer(bytes: octets), promise: nil)
    }

    func close(resets: Bool) -> Bool {
        // So that the client gets a reset rather than an end: nothing lingers. On the loop of the channel this is set at once.
        if resets { _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)) }
        channel.close(promise: nil)
        return true
    }
}

/// A serial line, on which there are no connections.
struct LineWire: ServedWire {
    let channel: any Channel
    /// Tells the speed that the client has set.
    let speed: () -> UInt32?
    var baud: UInt32? { speed() }

    func write(_ octets: [UInt8]) {
        channel.writeAndFlush(channel.allocator.buffer(bytes: octets), promise: nil)
    }

    func close(resets: Bool) -> Bool { false }
}

/// One client that sends datagrams.
struct DatagramWire: ServedWire {
    let channel: any Channel
    let peer: SocketAddress
    /// Forgets the client.
    let forget: () -> Void
    var baud: UInt32? { nil }

    func write(_ octets: [UInt8]) {
        for datagram in DatagramFraming.datagrams(octets) {
            let buffer = channel.allocator.buffer(bytes: datagram)
            channel.writeAndFlush(AddressedEnvelope(remoteAddress: peer, data: buffer), promise: nil)
        }
    }

    func close(resets: Bool) -> Bool {
        forget()
        return true
    }
}
