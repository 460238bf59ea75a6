// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CMicroHTTPDShim
import Glibc

extension HTTPLoop {
    /// Looks after what the library does not: requests that drip in, and peers that leave while nothing is sent to them.
    func watchConnections() {
        guard !connections.isEmpty else { return }
        var descriptors: [pollfd] = []
        descriptors.reserveCapacity(connections.count)
        for connection in connections {
            checkArrival(of: connection)
            // A peer whose half-close was answered by a probe is seen by its reset only.
            let isProbing = connection.exchange?.isProbing ?? false
            let events = isProbing ? 0 : microhttpd_poll_peer_closed
            descriptors.append(pollfd(fd: connection.descriptor, events: events, revents: 0))
        }
        guard poll(&descriptors, UInt(descriptors.count), 0) > 0 else { return }
        for (descriptor, connection) in zip(descriptors, connections) where descriptor.revents != 0 {
            let isGone = descriptor.revents & Int16(POLLERR | POLLHUP) != 0
            if let exchange = connection.exchange, exchange.isSuspended {
                exchange.peerClosed(isGone: isGone)
            } else {
                checkDeparture(of: connection, isGone: isGone)
            }
        }
    }

    /// The library misses the end of a connection that comes together with the last octets.
    private func checkDeparture(of connection: HTTPConnection, isGone: Bool) {
        switch connection.activity {
        case .new, .idle, .receiving:
            if isGone || !connection.hasUnreadOctets { connection.cut() }
        case .answering, .cut:
            return
        }
    }

    private func checkArrival(of connection: HTTPConnection) {
        switch connection.activity {
        case .new:
            guard connection.hasReceived else { return }
            connection.activity = .receiving(since: now)
        case .idle(let since):
            guard connection.hasReceived(since: since, now: now) else { return }
            connection.activity = .receiving(since: now)
        case .receiving(let since):
            guard now - since > screening.limits.requestTime else { return }
            // A handshake that was never finished is no request.
            if connection.isSecure, connection.exchange == nil { return connection.cut() }
            let exchange = connection.exchange ?? HTTPExchange(target: "/", connection: connection, loop: self)
            exchange.arrivalTimedOut()
        case .answering, .cut:
            return
        }
    }
}
