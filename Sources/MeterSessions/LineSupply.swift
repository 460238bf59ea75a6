// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport
import Synchronization

/// The line on which an association is opened: the one that was left open, or a new one as often as it takes.
final class LineSupply: Sendable {
    private struct Content {
        var line: MeterLine?
        var opened = 0
    }

    private let route: MeterRoute
    private let network: MeterNetwork
    private let tap: (any LineTap)?
    private let content: Mutex<Content>

    /// Begins with a line that is open, if there is one.
    init(_ line: MeterLine?, route: MeterRoute, network: MeterNetwork, tap: (any LineTap)?) {
        self.route = route
        self.network = network
        self.tap = tap
        content = Mutex(Content(line: line))
        line?.setTap(tap)
    }

    /// The line, if it is open.
    var current: MeterLine? { content.withLock { $0.line.flatMap { $0.isOpen ? $0 : nil } } }

    /// How many lines were opened.
    var opened: Int { content.withLock { $0.opened } }

    /// The open line, or a new one.
    func line() async throws(TransportError) -> MeterLine {
        if let current { return current }
        content.withLock { $0.opened += 1 }
        let line = try await MeterLine.open(
            route.medium,
            timeout: route.connectTimeout,
            network: network,
            tap: tap
        )
        content.withLock { $0.line = line }
        return line
    }
}

extension MeterRoute {
    /// Whether the line may stay open for another meter, or another association, when one has ended.
    ///
    /// With frames of the wrapper a connection of the network belongs to one association: meters that let several share
    /// it are rare, and its end is the only sign for some that an association has ended.
    func keepsLine(_ association: String) -> Bool {
        guard case .wrapper? = associations[association]?.link else { return true }
        return !medium.isConnectionOfMeter
    }
}

extension MeterMedium {
    /// Whether it is a network connection that is made to the meter itself when the frames are those of the wrapper.
    fileprivate var isConnectionOfMeter: Bool {
        switch self {
        case .tcp, .udp, .tls: true
        case .serial, .rfc2217, .modem, .standing: false
        }
    }
}
